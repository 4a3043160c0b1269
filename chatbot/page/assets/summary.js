// The summary of what has fallen out of the window, at its place in the conversation, and the offer to make one: view.lines.summary,
// as chatbot/page/summary_view.py says.

import { inWords } from "./answer_words.js";
import { button, make } from "./dom.js";
import { LANGUAGE, t, worded } from "./i18n.js";
import { openMemory } from "./memory_panel.js";
import { openPicker } from "./model_picker.js";
import { seekPin } from "./pins.js";
import { remedyFor } from "./remedies.js";
import { callJson } from "./session.js";
import { machine } from "./state.js";
import { changeLines, follow, onLines, summarize, view } from "./view.js";

const MAX_LENGTH = 10_000; // as in chatbot/storage/summaries.py
const times = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
const known = () => view.lines.summary;
const changed = (changes) => changeLines({ summary: { ...known(), ...changes } });
const path = (of = "") => `conversations/${view.conversation}${of}`;

// What the server has stored; during an answer its end brings that.
const readAgain = () => { if (machine.is("idle")) follow(); };

let awaited = ""; // the view in which the page waits for a summary
let isSought = false; // the visitor has asked for it: it is to be seen
const viewNow = () => `${view.number} ${view.conversation}`;

const ask = () => {
  awaited = viewNow();
  isSought = true;
  changed({ running: true, failure: null });
  summarize();
};

// The event of Gradio's has failed: the network, most likely.
export const summaryFailed = () => { if (known()) changed({ running: false, failure: { key: "memory.failed" } }); };

const alwaysBox = () => {
  const made = make("label", "always");
  const box = Object.assign(make("input"), { type: "checkbox", checked: known().always });
  box.addEventListener("change", async () => {
    const { failure } = await callJson(path(), "PATCH", { summarized: box.checked });
    if (failure) box.checked = !box.checked;
    else if (box.isConnected && known()) known().always = box.checked;
  });
  made.append(box, make("span", "", t("summary.always")));
  made.title = t("summary.always.about");
  return made;
};

// The text as a field, in the place of the card's own text.
const edit = (card, text) => {
  const field = Object.assign(make("textarea"), { value: text, rows: 8, maxLength: MAX_LENGTH, ariaLabel: t("summary.edit") });
  const said = make("span", "said");
  said.setAttribute("role", "status");
  const save = button("send", t("memory.save"), async () => {
    if (!field.value.trim()) { field.focus(); return; }
    const { conversation } = view;
    const { value, failure } = await callJson(path("/summary"), "PATCH", { text: field.value });
    if (view.conversation !== conversation) return;
    if (failure) { said.textContent = failure; return; }
    field.remove();
    changed({ made: { ...known().made, text: value.summary.text } });
  });
  const actions = make("div", "actions");
  actions.append(said, button("keep", t("turn.cancel"), () => { field.remove(); changed({}); }), save);
  card.querySelector(".words").replaceWith(field);
  card.querySelector(".foot").replaceWith(actions);
  field.focus();
};

const undo = async (card) => {
  const { conversation } = view;
  const { failure } = await callJson(path("/summary"), "DELETE");
  if (view.conversation !== conversation) return;
  if (failure) { card.querySelector(".facts").textContent = failure; return; }
  changed({ made: null });
  readAgain();
};

const summaryCard = ({ text, covers, made_at, details }) => {
  const card = make("section", "summary-card");
  const head = t("summary.head", { count: covers });
  const facts = [times.format(new Date(made_at)), inWords.writer(details), inWords.price(details)];
  const foot = make("div", "foot");
  foot.append(
    make("span", "facts", facts.filter(Boolean).join(" · ")),
    button("keep", t("turn.edit"), () => edit(card, text)),
    button("keep", t("memory.undo"), () => undo(card)),
  );
  if (!known().offer) foot.append(alwaysBox());
  card.setAttribute("aria-label", head);
  if (isSought && !known().running && !known().failure) {
    isSought = false;
    view.anchor = null;
    requestAnimationFrame(() => card.scrollIntoView({ block: "center" }));
  }
  card.append(make("p", "head", head), Object.assign(make("p", "words", text), { dir: "auto" }), foot);
  return card;
};

// How much, and for what price where that is known.
const size = ({ tokens, cost }) => t("account.about", {
  what: [t("account.total.tokens", { tokens }), cost ? inWords.price({ cost }) : ""].filter(Boolean).join(", "),
});

const failureNote = (failure) => {
  const note = make("p", "note failed", worded(failure));
  const remedy = remedyFor(failure);
  if (remedy) note.append(button("again", t(remedy.label), () => remedy.act(ask)));
  note.append(button(remedy ? "keep" : "again", t("turn.retry"), ask));
  note.setAttribute("role", "alert");
  return note;
};

const offer = ({ messages, possible, ...rest }) => {
  const made = make("div", "summary-offer");
  if (known().running) {
    const said = make("span", "typing", t("summary.running"));
    said.setAttribute("role", "status");
    made.append(said);
  } else if (possible === false) {
    made.append(
      make("span", "", t("summary.small", { count: messages })),
      button("keep", t("summary.pin"), () => seekPin(made.closest(".message-row"))),
      button("keep", t("summary.note"), () => openMemory()),
      button("keep", t("remedy.model"), openPicker),
    );
  } else {
    made.append(button("make", t("summary.make", { count: messages, size: size(rest) }), ask), alwaysBox());
  }
  return made;
};

// What stands above rows: [the row's id, what it is drawn from, what draws it].
export const summaryParts = () => {
  const { rows = [], window = null, summary = null } = view.lines;
  if (!summary || !rows.length) return [];
  const { made, running, failure } = summary;
  const place = window?.id ?? rows[0].id;
  return [
    made && [made.before, [summary], () => summaryCard(made)],
    failure && !running && [place, failure, () => failureNote(failure)],
    (summary.offer || running) && [place, summary, () => offer(summary.offer ?? {})],
  ].filter(Boolean);
};

// The server makes one after an answer where that is wanted always: the page waits for it.
onLines(() => {
  if (!known()?.running) { awaited = ""; return; }
  if (awaited !== viewNow() && machine.is("idle")) { awaited = viewNow(); summarize(true); }
});
