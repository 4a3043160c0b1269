// Notes, by the API's calls, and the line that says that one was made.

import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { callJson } from "./session.js";

export const MAX_NOTE_LENGTH = 300; // as in chatbot/storage/notes.py

const listeners = [];

// Calls back when a note was made, changed or deleted here.
export const onNotes = (listener) => listeners.push(listener);

const changed = () => listeners.forEach((listener) => listener());
const change = async (path, method, body) => {
  const answered = await callJson(path, method, body);
  if (!answered.failure) changed();
  return answered;
};

// Each resolves to {value}, or to {failure}: why not, in words.
export const notes = {
  list: () => callJson("notes", "GET"),
  create: (text, details = {}) => change("notes", "POST", { text, ...details }),
  update: (id, changes) => change(`notes/${id}`, "PATCH", changes),
  remove: (id) => change(`notes/${id}`, "DELETE"),
  changed,
};

// A text as a note has it: on one line.
export const onOneLine = (text) => text.trim().split(/\s+/).join(" ");

// Deletes the note; says what became of it in the element's place.
export const forget = async (id, place) => {
  const { failure } = await notes.remove(id);
  place.replaceChildren(make("span", "", failure ?? t("memory.forgotten")));
};

// Under the message that the note was made of, or the answer to "Remember that …".
export const savedNote = (id) => {
  const made = make("span", "saved-note");
  made.setAttribute("role", "status");
  made.append(make("span", "", t("memory.saved")), button("keep", t("memory.undo"), () => forget(id, made)));
  return made;
};
