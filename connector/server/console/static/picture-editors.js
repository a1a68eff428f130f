// The editors on the picture of a form: its mask, its edges.

import { dropOf } from "./drop.js";
import { all } from "./kit.js";

/** A mask that an example or an earlier run gave is loaded once there is a picture below it. */
export function begin(editor) {
  const kept = editor.dataset.kept && JSON.parse(editor.dataset.kept).file;
  editor.first = editor.dataset.sample || (kept && contentOf(kept)) || "";
}

export const contentOf = (reference) => `/api/files/${encodeURIComponent(reference.slice("file:".length))}/content`;

/** Whatever is drawn on a file's picture gets the picture. */
export async function reach(form, root) {
  const drop = dropOf(root);
  if (!drop) return;
  const id = drop.input.id, editors = all(`mask-editor[for="${CSS.escape(id)}"]`, form);
  const frames = all(`[data-edges][data-source="${CSS.escape(id)}"]`, form).filter((each) => each.editor);
  root.classList.toggle("is-elsewhere", Boolean(drop.address) && editors.length + frames.length > 0);
  try {
    for (const each of frames) await each.editor.show(drop.address);
    for (const each of editors) await paintOn(each, drop.address);
  } catch {
    root.classList.remove("is-elsewhere"); // the browser cannot read it; the form tells why it does not fit
  }
}

async function paintOn(editor, address) {
  if (editor.shown === address) return;
  editor.shown = address;
  editor.coming = import("./mask-editor.js").then(() => editor.show(address));
  await editor.coming;
  if (editor.first) await giveMask(editor, editor.first);
}

/** Makes the painted mask this one: an address, a Blob, or nothing. It waits until there is a picture below it. */
export async function giveMask(editor, source) {
  editor.first = source || "";
  if (!editor.shown) return;
  await editor.coming;
  const first = editor.first;
  editor.first = "";
  if (first instanceof Blob) return editor.load(first);
  if (!first) return source ? undefined : editor.clear(); // another call has taken it
  const answer = await fetch(first);
  if (!answer.ok) throw new Error("the mask is not there any more");
  return editor.load(await answer.blob());
}

/** How many pixels an input adds to the edge of a mask, as far as is known. */
export function grow(form) {
  for (const editor of all("mask-editor[data-grown-by]", form)) {
    const { value, placeholder } = form.elements[editor.dataset.grownBy] || {};
    const pixels = Number(value || placeholder) || 0;
    if (editor.grow) editor.grow(pixels);
    else editor.dataset.grown = pixels;
  }
}
