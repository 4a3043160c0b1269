// Lines that may become notes: what another assistant remembers, or what a model suggests. Only those that are ticked do.

import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { notes } from "./notes.js";

const lineBox = (text) => {
  const label = make("label");
  label.append(Object.assign(make("input"), { type: "checkbox", value: text }), make("span", "", text));
  return label;
};

// Draws the lines into `place`, with a button that makes notes of the ticked ones; `details` go with each note.
export const offerLines = (place, texts, details = {}) => {
  const said = make("p", "said");
  said.setAttribute("role", "status");
  const list = make("div", "lines");
  list.append(...texts.map(lineBox));
  const boxes = () => [...list.querySelectorAll("input")];
  const ticked = () => boxes().filter(({ checked }) => checked);
  const save = button("send", t("memory.save"), async () => {
    save.disabled = true;
    let count = 0;
    for (const box of ticked()) {
      const { failure } = await notes.create(box.value, details);
      if (failure) { said.textContent = failure; draw(); return; }
      box.closest("label").remove();
      count += 1;
    }
    said.textContent = t("memory.made", { count });
    draw();
  });
  const all = button("keep", t("memory.all"), () => { boxes().forEach((box) => { box.checked = true; }); draw(); });
  const draw = () => {
    save.disabled = !ticked().length;
    all.hidden = save.hidden = !boxes().length;
  };
  list.addEventListener("change", draw);
  if (!texts.length) said.textContent = t("memory.nothing");
  draw();
  place.replaceChildren(list, said, all, save);
};
