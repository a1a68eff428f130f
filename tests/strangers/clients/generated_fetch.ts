// openapi-fetch with the types that openapi-typescript wrote: argv is the host, a token and a picture.
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { paths } from "./host";

const [url, token, picture] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

const form = new FormData();
form.append("file", new Blob([readFileSync(picture)], { type: "image/png" }), "room.png");
const uploaded = await client.POST("/api/files", { body: { file: "" }, bodySerializer: () => form });
if (!uploaded.data) throw new Error(uploaded.error.detail);

const used = (prompt: string, key: string) =>
  client.POST("/api/actions/stable-image-core", {
    params: { query: { environment: "sandbox" }, header: { "Idempotency-Key": key } },
    body: { inputs: { prompt } },
  });
const first = await used("a boat", "order 1");
const again = await used("a boat", "order 1");
const refused = await used("", "order 2");
if (typeof first.data !== "object" || typeof again.data !== "object" || !refused.error) throw new Error("not so");
const run = first.data.run;
const content = await client.GET("/api/files/{id}/content", { params: { path: { id: run.file! } }, parseAs: "arrayBuffer" });
const events = await client.GET("/api/runs/{id}/events", { params: { path: { id: run.id } }, parseAs: "stream" });
let told = "";
for await (const piece of events.data as unknown as AsyncIterable<Uint8Array>) told += new TextDecoder().decode(piece);

console.log(
  JSON.stringify({
    uploaded: uploaded.data.file,
    picture: Buffer.from(content.data as ArrayBuffer).subarray(0, 4).toString("hex"),
    again: again.data.run.id === run.id,
    replayed: again.response.headers.get("idempotency-replayed"),
    problem: [refused.error.code, refused.error.billed, refused.error.problems[0].field],
    events: told.split("event: succeeded").length - 1,
  }),
);
