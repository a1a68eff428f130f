// The rules between inputs, judged as the fields change: the counterpart of conditions.py.

const BOUNDS = {
  minimum: (value, bound) => value >= bound,
  maximum: (value, bound) => value <= bound,
  exclusiveMinimum: (value, bound) => value > bound,
  exclusiveMaximum: (value, bound) => value < bound,
};

/** Whether the condition is met by what is given. */
export function holds(condition, values) {
  if (typeof condition === "boolean") return condition;
  if (condition.all) return condition.all.every((each) => holds(each, values));
  if (condition.any) return condition.any.some((each) => holds(each, values));
  if ("not" in condition) return !holds(condition.not, values);
  if ("given" in condition) return condition.given in values;
  return !(condition.field in values) || fits(condition, values[condition.field]);
}

function fits(condition, value) {
  if (condition.in) return condition.in.includes(value);
  if (typeof value !== "number") return true;
  return Object.entries(BOUNDS).every(([word, test]) => !(word in condition) || test(value, condition[word]));
}

/** What is wrong with a file by the rules of its input, told before it is uploaded; empty where it fits. */
export function faults(rules, facts) {
  const found = [];
  const range = (low, high, value, words) => {
    if (value === undefined) return;
    if (rules[low] !== undefined && value < rules[low]) found.push(`${words} is less than ${rules[low]}`);
    if (rules[high] !== undefined && value > rules[high]) found.push(`${words} is more than ${rules[high]}`);
  };
  if (rules.formats && facts.format && !rules.formats.includes(facts.format)) {
    found.push(`it is ${facts.format.toUpperCase()}, and must be ${rules.formats.join(", ").toUpperCase()}`);
  }
  if (rules.formats && !facts.format) found.push(`it is none of ${rules.formats.join(", ").toUpperCase()}`);
  if (rules.max_bytes && facts.bytes > rules.max_bytes) found.push(`it is larger than ${Math.floor(rules.max_bytes / 1048576)} MiB`);
  if (facts.width) {
    range("min_side", "_", Math.min(facts.width, facts.height), "its shorter side");
    range("_", "max_side", Math.max(facts.width, facts.height), "its longer side");
    range("min_width", "max_width", facts.width, "its width");
    range("min_height", "max_height", facts.height, "its height");
    range("min_pixels", "max_pixels", facts.width * facts.height, "its number of pixels");
    range("min_aspect", "max_aspect", Math.round((facts.width / facts.height) * 1000) / 1000, "its width to height");
    const sides = `${facts.width}x${facts.height}`;
    if (rules.dimensions && !rules.dimensions.includes(sides)) found.push(`it must be ${rules.dimensions.join(" or ")}`);
  }
  range("min_seconds", "max_seconds", facts.seconds, "its length in seconds");
  return found;
}

const MAGIC = [
  ["png", [0x89, 0x50, 0x4e, 0x47]],
  ["jpeg", [0xff, 0xd8, 0xff]],
  ["gif", [0x47, 0x49, 0x46, 0x38]],
  ["glb", [0x67, 0x6c, 0x54, 0x46]],
  ["mp3", [0x49, 0x44, 0x33]],
];

/** The format of a file by its first bytes, as the engine tells it; empty where it is none that we know. */
export function formatOf(bytes) {
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("RIFF")) return { WEBP: "webp", WAVE: "wav" }[text.slice(8, 12)] || "";
  if (text.slice(4, 8) === "ftyp") return "mp4";
  if (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0 && bytes[1] !== 0xd8) return "mp3";
  return MAGIC.find(([, start]) => start.every((byte, at) => bytes[at] === byte))?.[0] || "";
}
