// Finds conversations as one types. props.value is {query, found: [{id, message_id, title, excerpt, place}]}.

import { button, find, make, onKeys } from "./dom.js";
import { t } from "./i18n.js";
import { open } from "./view.js";

const TYPING_MS = 120;

const resultItem = ({ id, message_id, title, excerpt, place }) => {
  const [start, end] = place;
  const characters = [...excerpt]; // Python counts an emoji as one
  const part = (from, to) => characters.slice(from, to).join("");
  const words = make("span", "", part(0, start));
  words.append(make("mark", "", part(start, end)), part(end));
  const opener = button("", title || t("chat.new"), () => open(id, message_id), make("strong", "", title));
  opener.append(words);
  const made = make("li");
  made.append(opener);
  return made;
};

export const mountSearch = ({ element, props, trigger, watch }) => {
  const field = Object.assign(make("input"), { type: "search", placeholder: t("search.hint"), maxLength: 200 });
  const list = make("ul");
  let pause;

  const draw = () => {
    const query = field.value.trim();
    find("#sidebar").classList.toggle("searching", Boolean(query));
    const { query: answered = "", found = [] } = props.value ?? {};
    if (!query) { list.replaceChildren(); return; }
    if (answered !== query) return;
    list.replaceChildren(...found.map(resultItem));
    if (!found.length) list.append(make("li", "", t("search.nothing")));
  };
  const search = () => {
    draw();
    clearTimeout(pause);
    const query = field.value.trim();
    if (query) pause = setTimeout(() => trigger("search", { query }), TYPING_MS);
  };

  field.setAttribute("aria-label", t("search.label"));
  field.addEventListener("input", search);
  onKeys(field, {
    Enter: () => list.querySelector("button")?.click(),
    Escape: () => { field.value = ""; draw(); },
  });
  list.setAttribute("aria-live", "polite");
  element.replaceChildren(field, list);
  watch("value", draw);
};
