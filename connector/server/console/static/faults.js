// What an action asks of a file, told before the file goes up: the counterpart of media/rules.py, sentence by sentence.

const TITLES = {
  "image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP", "image/gif": "GIF", "image/bmp": "BMP", "image/tiff": "TIFF", "image/avif": "AVIF", "image/heic": "HEIC",
  "audio/wav": "WAV", "audio/mpeg": "MP3", "audio/mp4": "M4A", "audio/flac": "FLAC", "audio/ogg": "OGG", "audio/aiff": "AIFF", "audio/aac": "AAC", "audio/x-ms-wma": "WMA", "video/mp4": "MP4", "video/quicktime": "QuickTime", "model/gltf-binary": "GLB",
  "application/pdf": "PDF", "text/plain": "text", "": "of an unknown kind", "application/octet-stream": "of an unknown kind",
};
const TYPES = {
  png: "image/png", jpeg: "image/jpeg", jpg: "image/jpeg", webp: "image/webp", gif: "image/gif", bmp: "image/bmp", tiff: "image/tiff", avif: "image/avif", heic: "image/heic",
  wav: "audio/wav", mp3: "audio/mpeg", m4a: "audio/mp4", flac: "audio/flac", ogg: "audio/ogg", aiff: "audio/aiff", aac: "audio/aac", wma: "audio/x-ms-wma", mp4: "video/mp4", mov: "video/quicktime", glb: "model/gltf-binary", pdf: "application/pdf", txt: "text/plain",
};
const MIB = 1048576;
const READABLE_PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/** A sentence for each rule that the file breaks, to go on after its name; empty where it fits. */
export function faults(rules, facts) {
  const found = [wrongKind(rules, facts) || otherKind(rules, facts), wrongSize(rules, facts)];
  for (const [name, broken] of Object.entries(CHECKS)) if (rules[name] !== undefined) found.push(broken(facts, rules[name]));
  return found.filter(Boolean);
}

const title = (type) => TITLES[type] ?? type;

function wrongKind(rules, { type }) {
  const types = (rules.formats || []).map((name) => TYPES[name] ?? name);
  return types.length && !types.includes(type) ? `is ${title(type)}; it must be ${either(types.map(title))}` : "";
}

function wrongSize(rules, { bytes }) {
  if (bytes === 0) return "is empty; give a file with content";
  const most = rules.max_bytes, isWhole = most % MIB === 0;
  if (!(bytes > most)) return "";
  return isWhole
    ? `is ${beside(bytes / MIB, most / MIB)} MiB; at most ${shown(most / MIB)} MiB are accepted`
    : `is ${shown(bytes)} bytes; at most ${shown(most)} bytes are accepted`;
}

/** What can be said where a rule asks for what such a file has not, or should tell and does not. */
function otherKind(rules, { type, bytes, width, seconds }) {
  const asked = (names) => names.some((name) => name in rules);
  const needsSides = !width && asked(OF_SIDES), needsSeconds = seconds === undefined && asked(OF_SECONDS);
  if (!bytes || !(needsSides || needsSeconds)) return "";
  if (!(needsSides ? /^image\// : /^(audio|video)\//).test(type)) return `is ${title(type)}; it must be ${needsSides ? "a picture" : "a recording"}`;
  return READABLE_PICTURES.includes(type) ? `is a ${title(type)} file whose header cannot be read; save it again, or take another` : "";
}

/** A rule of a picture's sides: when it is broken, and what is said after the sides. */
const ofSides = (broken, said) => (facts, limit) => {
  const { width, height } = facts;
  return width && height && broken(width, height, limit) ? `is ${width} x ${height} pixels${said(shown(limit), width, height, limit)}` : "";
};

const ofSeconds = (broken, said) => ({ seconds }, limit) =>
  seconds !== undefined && broken(seconds, limit) ? `lasts ${beside(seconds, limit)} s; ${said} ${shown(limit)} s` : "";

const inAll = (said) => (limit, width, height) => `, ${shown(width * height)} in all; ${said} ${limit}`;
const asWide = (said) => (limit, width, height, exact) => `, ${beside(width / height, exact)} times as wide as high; ${said} ${limit} times as wide as high`;

const CHECKS = {
  min_side: ofSides((w, h, least) => Math.min(w, h) < least, (limit) => `; each side must be at least ${limit}`),
  max_side: ofSides((w, h, most) => Math.max(w, h) > most, (limit) => `; each side must be at most ${limit}`),
  min_width: ofSides((w, h, least) => w < least, (limit) => `; it must be at least ${limit} wide`),
  max_width: ofSides((w, h, most) => w > most, (limit) => `; it must be at most ${limit} wide`),
  min_height: ofSides((w, h, least) => h < least, (limit) => `; it must be at least ${limit} high`),
  max_height: ofSides((w, h, most) => h > most, (limit) => `; it must be at most ${limit} high`),
  min_pixels: ofSides((w, h, least) => w * h < least, inAll("it must have at least")),
  max_pixels: ofSides((w, h, most) => w * h > most, inAll("it may have at most")),
  min_aspect: ofSides((w, h, least) => w / h < least, asWide("it must be at least")),
  max_aspect: ofSides((w, h, most) => w / h > most, asWide("it must be at most")),
  dimensions: ofSides((w, h, ones) => !ones.includes(`${w}x${h}`), (limit) => `; it must be ${limit}`),
  min_seconds: ofSeconds((seconds, least) => seconds < least, "it must last at least"),
  max_seconds: ofSeconds((seconds, most) => seconds > most, "it may last at most"),
};
const OF_SECONDS = ["min_seconds", "max_seconds"];
const OF_SIDES = Object.keys(CHECKS).filter((name) => !OF_SECONDS.includes(name));

/** A figure as it is written beside a limit that it breaks: rounded, but never to the limit or past it. */
function beside(value, limit, digits = 4) {
  const figure = Number(value.toPrecision(digits));
  return figure !== limit && figure < limit === value < limit ? shown(figure) : beside(value, limit, digits + 1);
}

function shown(limit) {
  if (Array.isArray(limit)) return either(limit.map((size) => size.replace("x", " x ")));
  return Number.isInteger(limit) ? limit.toLocaleString("en") : String(limit);
}

function either(words) {
  const once = [...new Set(words)], last = once.pop();
  return once.length ? `${once.join(", ")} or ${last}` : last;
}

const starts = (text) => (head) => head.startsWith(text);
const riff = (form) => (head) => head.startsWith("RIFF") && head.slice(8, 12) === form;
const branded = (...brands) => (head) => head.slice(4, 8) === "ftyp" && brands.includes(head.slice(8, 12));

// In this order: the first that matches is it. A byte is a character here.
const SIGNATURES = [
  ["image/png", starts("\x89PNG\r\n\x1a\n")],
  ["image/jpeg", starts("\xff\xd8\xff")],
  ["image/webp", riff("WEBP")],
  ["image/gif", (head) => /^GIF8[79]a/.test(head)],
  ["image/bmp", (head) => head.startsWith("BM") && head.slice(6, 10) === "\0\0\0\0"],
  ["image/tiff", (head) => head.startsWith("II*\0") || head.startsWith("MM\0*")],
  ["audio/wav", (head) => /^(RIFF|RF64|BW64)[^]{4}WAVE|^riff\x2e\x91/.test(head)],
  ["audio/flac", starts("fLaC")],
  ["audio/ogg", starts("OggS")],
  ["audio/aiff", (head) => /^FORM[^]{4}AIF[FC]/.test(head)],
  ["image/avif", (head) => /^[^]{4}ftyp(avi[fs]|m(if|sf)1[^]*avif)/.test(head)],
  ["image/heic", branded("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")],
  ["audio/mp4", branded("M4A ", "M4B ", "M4P ")],
  ["video/quicktime", branded("qt  ")],
  ["video/mp4", (head) => head.slice(4, 8) === "ftyp"],
  ["model/gltf-binary", starts("glTF")],
  ["application/pdf", starts("%PDF-")],
  ["audio/mpeg", (head) => head.startsWith("ID3") || /^\xff[\xe0-\xff]/.test(head)],
];

/** What a file is by its first bytes, as the engine tells it; empty where it is nothing that we know. */
export function typeOf(bytes) {
  const head = Array.from(bytes.subarray(0, 64), (byte) => String.fromCharCode(byte)).join("");
  return SIGNATURES.find(([, matches]) => matches(head))?.[0] ?? (isText(bytes) ? "text/plain" : "");
}

function isText(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return Boolean(text) && !/[\0-\x08\x0b\x0e-\x1f]/.test(text);
  } catch {
    return false;
  }
}
