// Elements, made in one line.

import { t } from "./i18n.js";

export const find = (selector) => document.querySelector(selector);

export const make = (tag, name = "", text = "") =>
  Object.assign(document.createElement(tag), { className: name, textContent: text });

export const button = (name, label, act, content = label) => {
  const made = Object.assign(make("button", name), { type: "button", title: label });
  made.setAttribute("aria-label", label);
  made.append(content);
  made.addEventListener("click", () => act(made));
  return made;
};

// Whether an input method takes the key. Safari ends the composition before the Enter that did it, and then only 229, the
// key code of input methods, tells it from an Enter that was typed.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

// Keys of a field, but for those that an input method takes.
export const onKeys = (field, keys) =>
  field.addEventListener("keydown", (event) => {
    if (!isComposing(event) && !event.shiftKey && keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

// A dialog with a close button, which a press beside it closes too.
export const dialog = (name, ...content) => {
  const made = make("dialog", name);
  made.append(...content, button("close", t("keyboard.close"), () => made.close(), "✕"));
  let pressed; // not what a selection in the dialog ends on
  made.addEventListener("pointerdown", ({ target }) => { pressed = target; });
  made.addEventListener("click", ({ target }) => { if (target === made && pressed === made) made.close(); });
  return made;
};

// Whether the keyboard is one on the screen.
export const isTouch = () => matchMedia("(hover: none) and (pointer: coarse)").matches;

export const isPhone = () => innerWidth < 768;
