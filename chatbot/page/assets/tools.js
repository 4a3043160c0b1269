// The small buttons at a message, and the clipboard.

import { button, make } from "./dom.js";

const ICONS = {
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  done: "M4 12l5 5L20 6",
  retry: "M20 11a8 8 0 1 0-2 6 M20 5v6h-6",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  pin: "M9 3h6l-1 7 4 4H6l4-4z M12 14v7",
  remember: "M7 4h10v16l-5-4-5 4z",
  temporary: "M12 4a8 8 0 1 1-4.6 14.6L4 20l1.4-3.4A8 8 0 0 1 12 4z",
  undo: "M9 14L4 9l5-5 M4 9h10a6 6 0 0 1 0 12h-3",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  end: "M12 5v14 M6 13l6 6 6-6",
};

export const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", ICONS[name]);
  return svg;
};

export const tool = (name, label, act) => button(`tool ${name}`, label, act, icon(name));

// Browsers have a clipboard for https and localhost only; on other pages they still copy what is selected.
const copySelected = (text) => {
  const field = Object.assign(make("textarea"), { value: text });
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
};

// Copies the text; the button that was pressed says so for a moment.
export const copy = async (pressed, text) => {
  await (navigator.clipboard ? navigator.clipboard.writeText(text) : copySelected(text));
  pressed.replaceChildren(icon("done"));
  setTimeout(() => pressed.replaceChildren(icon("copy")), 1500);
};
