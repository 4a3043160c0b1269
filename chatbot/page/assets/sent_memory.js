// What of the memory went along with an answer: how much in a line, opened all of it as it was sent, with what led to it.

import { inWords } from "./answer_words.js";
import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { openMemory } from "./memory_panel.js";
import { forget } from "./notes.js";
import { callJson } from "./session.js";
import { open, view } from "./view.js";

// Changes a conversation; says what became of it in the place of the buttons.
const change = async (actions, id, changes, words) => {
  const { failure } = await callJson(`conversations/${id}`, "PATCH", changes);
  actions.replaceChildren(make("span", "", failure ?? words));
};

const irrelevant = (actions, id) => button("keep", t("memory.irrelevant"), () =>
  change(actions, view.conversation, { irrelevant: { [id]: true } }, t("memory.irrelevant.done")));

const withActions = (text, ...makers) => {
  const made = make("li", "", text);
  const actions = make("span", "actions");
  actions.setAttribute("role", "status");
  actions.append(...makers.map((maker) => maker(actions, made)).filter(Boolean));
  made.append(actions);
  return made;
};

const sentNote = ({ id, text, source }) => withActions(
  text,
  () => source && button("keep", t("memory.source"), () => open(source.conversation_id, source.message_id)),
  (actions) => irrelevant(actions, id),
  () => button("keep", t("memory.edit"), () => openMemory(id)),
  (_, item) => button("keep", t("memory.forget"), () => forget(id, item)),
);

const sentPassage = ({ conversation, message, date, text }) => withActions(
  `${date}: ${text}`,
  () => button("keep", t("memory.source"), () => open(conversation, message)),
  (actions) => irrelevant(actions, conversation),
  (actions) => button("keep", t("memory.exclude"), () =>
    change(actions, conversation, { excluded: true }, t("memory.exclude.done"))),
);

export const sentMemory = ({ notes, passages, summary, seen, left_out, text }) => {
  const conversations = new Set(passages.map(({ conversation }) => conversation)).size;
  const counted = [
    notes.length && t("memory.notes", { count: notes.length }),
    conversations && t("memory.passages", { count: conversations }),
    summary && t("memory.summary", { count: summary }),
    inWords.seen(seen),
  ];
  const made = make("details", "sent-memory");
  const list = make("ul");
  list.append(...notes.map(sentNote), ...passages.map(sentPassage));
  made.append(make("summary", "", counted.filter(Boolean).join(" · ")), list);
  if (left_out) made.append(make("p", "", t("memory.left", { count: left_out })));
  made.append(make("p", "", t("memory.exact")), make("pre", "", text));
  return made;
};
