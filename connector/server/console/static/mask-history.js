// Masks that were painted on a picture before: this browser keeps their references, the host their files.

import { dropOf } from "./drop.js";
import { make, picking, toast } from "./kit.js";
import { contentOf, giveMask } from "./picture-editors.js";

const KEY = "console.masks", MOST = 60;

const kept = () => JSON.parse(localStorage.getItem(KEY) || "[]");

/** What tells the picture below from any other. */
async function pictureOf(editor) {
  const drop = dropOf(document.getElementById(editor.getAttribute("for")).closest("[data-drop]"));
  await drop.ready().catch(() => null); // what is wrong with it is told at its field
  return drop.facts?.sha256;
}

/** Keeps where the mask is that was just sent, newest first. */
export async function keep(editor, { file, sha256 }) {
  const picture = await pictureOf(editor);
  const others = kept().filter((each) => each.picture !== picture || each.sha256 !== sha256);
  if (picture) localStorage.setItem(KEY, JSON.stringify([{ picture, sha256, file }, ...others].slice(0, MOST)));
}

/** Lets somebody choose one of the masks of this picture. */
export async function offer(editor) {
  const picture = await pictureOf(editor);
  const masks = kept().filter((each) => each.picture === picture);
  if (!masks.length) return picking("Earlier masks of this picture", make("p", { className: "muted", textContent: "None yet. What you paint is kept here as soon as it is run." }));
  const wall = make("ul", { className: "wall", data: { testid: "earlier-masks" } }, ...masks.map(({ file }, at) => {
    const image = make("img", { src: contentOf(file).replace(/content$/, "thumbnail"), alt: `Mask ${at + 1}` });
    const button = make("button", { type: "button" }, make("span", { className: "thumb" }, image));
    const item = make("li", {}, button);
    image.addEventListener("error", () => item.remove()); // the host keeps it no longer
    button.addEventListener("click", () => {
      dialog.close();
      giveMask(editor, contentOf(file)).catch((error) => toast(error.message, true));
    });
    return item;
  }));
  const dialog = picking("Earlier masks of this picture", wall);
  return dialog;
}
