// What of the memory went along with an answer.

import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { forget } from "./notes.js";

const sentNote = ({ id, text }) => {
  const made = make("li", "", text);
  made.append(button("keep", t("memory.forget"), () => forget(id, made)));
  return made;
};

const sentPassage = ({ conversation, date, text }, open) => {
  const made = make("li", "", `${date}: ${text}`);
  made.append(button("keep", t("memory.open"), () => open(conversation)));
  return made;
};

// What went along with an answer: how much in a line, opened all of it as it was sent. `open` opens a conversation.
export const sentMemory = ({ notes, passages, left_out, text }, open) => {
  const counted = [
    notes.length && t("memory.notes", { count: notes.length }),
    passages.length && t("memory.passages", { count: passages.length }),
  ];
  const made = make("details", "sent-memory");
  const list = make("ul");
  list.append(...notes.map(sentNote), ...passages.map((each) => sentPassage(each, open)));
  made.append(make("summary", "", counted.filter(Boolean).join(" · ")), list);
  if (left_out) made.append(make("p", "", t("memory.left", { count: left_out })));
  made.append(make("p", "", t("memory.exact")), make("pre", "", text));
  return made;
};
