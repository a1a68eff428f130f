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
