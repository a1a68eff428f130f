// One call of npm's stability-ai, at the address that is given: URL KEY PATH [ARGUMENT...], each argument as JSON.
// It has its vendor's address built in, so its own HTTP client is told to go to another; nothing else is reached.
const { createRequire } = require('node:module')
const load = createRequire(process.cwd() + '/')
const axios = load('axios')
const StabilityAI = load('stability-ai').default

const [url, key, path, ...given] = process.argv.slice(2)
axios.interceptors.request.use((asked) => {
  if (!asked.url.startsWith('https://api.stability.ai/')) throw new Error(`it asks ${asked.url}`)
  return { ...asked, url: asked.url.replace('https://api.stability.ai', url) }
})

const client = new StabilityAI(key)
const call = path.split('.').reduce((found, name) => found[name], client)
call(...given.map((each) => JSON.parse(each))).then(
  (result) => console.log(JSON.stringify({ result })),
  (error) => console.log(JSON.stringify({ error: `${error.name}: ${error.message}` })),
)
