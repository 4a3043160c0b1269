// The memory panel, a dialog: what is remembered and how that is used, the notes, and how they come in and go out.

import { inWords } from "./answer_words.js";
import { placeNotice } from "./deletion.js";
import { button, dialog, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { focusNote, listNotes, noteList } from "./note_list.js";
import { offerLines } from "./note_lines.js";
import { call, callJson, hand } from "./session.js";
import { view } from "./view.js";

let panel = null; // the dialog
let trigger; // raises events in Python

// A box that turns one of the session's switches.
const switchBox = (name, label, about) => {
  const made = make("label", "switch loading");
  const box = Object.assign(make("input"), { type: "checkbox", name, disabled: true }); // until it is known
  box.addEventListener("change", async () => {
    const { value, failure } = await callJson("session", "PATCH", { [name]: box.checked });
    if (failure) box.checked = !box.checked;
    else drawSwitches(value);
  });
  const words = make("span", "", label);
  const state = make("em", "state", t("model.loading"));
  state.setAttribute("role", "status");
  words.append(state, make("small", "", about));
  made.append(box, words);
  return made;
};

// They are known, or why they are not.
const endLoading = (failure = "") => {
  for (const made of panel.querySelectorAll(".switch")) made.classList.toggle("loading", Boolean(failure));
  for (const state of panel.querySelectorAll(".switch .state")) state.textContent = failure;
};

// Without memory there is no recall either.
const drawSwitches = ({ memory, recall }) => {
  endLoading();
  Object.assign(panel.querySelector("[name=memory]"), { checked: memory, disabled: false });
  Object.assign(panel.querySelector("[name=recall]"), { checked: recall, disabled: !memory });
};

const folded = (label, ...content) => {
  const made = make("details");
  made.append(make("summary", "", label), ...content);
  return made;
};

const importPart = () => {
  const field = Object.assign(make("textarea"), { rows: 4, ariaLabel: t("memory.import"), placeholder: t("memory.import.hint"), maxLength: 80000 });
  const offered = make("div");
  const split = button("keep", t("memory.import.split"), async () => {
    if (!field.value.trim()) { field.focus(); return; }
    const { value, failure } = await callJson("notes/candidates", "POST", { text: field.value });
    if (failure) offered.replaceChildren(make("p", "said", failure));
    else offerLines(offered, value.candidates);
  });
  return folded(t("memory.import"), field, split, offered);
};

let suggested; // where a model's suggestions are drawn
const suggestPart = () => {
  suggested = make("div");
  const ask = button("keep", t("memory.suggest.ask"), () => {
    if (!view.conversation) { suggested.replaceChildren(make("p", "said", t("memory.suggest.none"))); return; }
    suggested.replaceChildren(make("p", "said", t("memory.suggest.waiting")));
    trigger("suggest", { conversation_id: view.conversation });
  });
  suggested.setAttribute("aria-live", "polite");
  return folded(t("memory.suggest"), make("p", "", t("memory.suggest.about")), ask, suggested);
};

const drawSuggestions = ({ conversation_id, texts, failure, details }) => {
  if (failure) { suggested.replaceChildren(make("p", "said", failure)); return; }
  const lines = make("div");
  offerLines(lines, texts, { source: { conversation_id } });
  suggested.replaceChildren(make("p", "facts", inWords.details(details)), lines);
};

const exportNotes = async () => {
  const response = await call("notes/export");
  if (response.ok) hand(await response.blob(), { download: "notes.md" });
};

const buildPanel = () => {
  const content = make("div", "content");
  const made = dialog("memory", make("h2", "", t("memory.head")), content);
  made.setAttribute("aria-label", t("memory.head"));
  content.append(
    make("p", "about", t("memory.about")),
    switchBox("memory", t("memory.switch.memory"), t("memory.switch.memory.about")),
    switchBox("recall", t("memory.switch.recall"), t("memory.switch.recall.about")),
    noteList(() => made.close(), () => made.open),
    button("keep export", t("memory.export"), exportNotes),
    importPart(),
    suggestPart(),
  );
  made.addEventListener("close", placeNotice);
  find("main").append(made);
  return made;
};

// Opens the panel, at a note if `id` is given.
export const openMemory = async (id = "") => {
  panel ??= buildPanel();
  panel.showModal();
  panel.querySelector(".close").focus();
  callJson("session", "GET").then(({ value, failure }) => { if (value) drawSwitches(value); else endLoading(failure); });
  await listNotes();
  focusNote(id);
};

export const mountMemory = ({ element, props, trigger: raise, watch }) => {
  trigger = raise;
  element.replaceChildren(button("opener", t("memory.head"), () => openMemory()));
  watch("value", () => { if (props.value?.conversation_id) drawSuggestions(props.value); });
};
