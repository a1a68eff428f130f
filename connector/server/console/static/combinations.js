// Several calls at once: as many of the same as are asked for, each with a seed of its own, and each
// combination of what is varied.

import { number } from "./kit.js";

export const MOST = 100;

/** All combinations of the values of some inputs; of none, one that changes nothing. */
export function combined(axes) {
  return axes.reduceRight((found, { name, values }) => values.flatMap((value) => found.map((each) => ({ [name]: value, ...each }))), [{}]);
}

/** The inputs of each call. All combinations have the same seeds, so that what differs is what was varied. */
export function inputsOfEach(inputs, axes, count, seed) {
  const combinations = combined(axes);
  const isSeeded = seed && !axes.some(({ name }) => name === "seed") && (count > 1 || axes.length);
  const seeds = isSeeded ? drawn(count, seed).map((each, at) => (at === 0 && inputs.seed) || each) : [undefined];
  return combinations.flatMap((varied) => seeds.map((each) => ({ ...inputs, ...varied, ...(each === undefined ? {} : { seed: each }) })));
}

function drawn(count, { min, max }) {
  const least = Math.max(1, Number(min)), most = Number(max) || 2 ** 31 - 1;
  return [...crypto.getRandomValues(new Uint32Array(count))].map((any) => least + (any % (most - least + 1)));
}

export const plural = (credits) => (credits === 0 ? "free" : `${number(credits)} credit${credits === 1 ? "" : "s"}`);

/** The price of so many calls, by the words for one of them. */
export function summed(calls, text) {
  const [, each] = /^([\d.]+) credits?$/.exec(text) || [];
  return each ? plural(each * calls) : text;
}

/** Problems of rows as problems of the form, each once. */
export function ofTheForm(problems) {
  const told = problems.map((each) => ({ ...each, field: (each.field || "").replace(/^items(\.\d+)?\.?/, "") }));
  return [...new Map(told.map((each) => [`${each.field}: ${each.message}`, each])).values()];
}
