// Memory: what went along with an answer, the note that a message made, and the panel with all notes. It calls the API.

import { button, find, make, onKeys } from "./dom.js";
import { t } from "./i18n.js";
import { forget, notes, onNotes } from "./notes.js";
import { callJson } from "./session.js";

const MANY = 10; // notes from which on they can be searched

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

let listed = []; // the notes that the panel shows

const noteRow = (note) => {
  const made = make("li", note.pinned ? "pinned" : "");
  const field = Object.assign(make("input"), { value: note.text, maxLength: 300, ariaLabel: t("memory.note") });
  const save = async () => {
    if (field.value === note.text) return;
    say((await notes.update(note.note_id, { text: field.value })).failure ?? "");
  };
  field.addEventListener("change", save);
  const pin = button("keep", t(note.pinned ? "memory.unpin" : "memory.pin"), () => notes.update(note.note_id, { pinned: !note.pinned }));
  made.append(field, pin, button("keep", t("memory.forget"), () => forget(note.note_id, made)));
  return made;
};

const say = (words) => { if (find("#memory-panel .said")) find("#memory-panel .said").textContent = words; };

const drawNotes = () => {
  const list = find("#memory-panel ul");
  if (!list || document.activeElement.matches("#memory-panel li input")) return; // what is being typed comes first
  const focused = [...list.children].findIndex((row) => row.contains(document.activeElement));
  const words = find("#memory-panel .search").value.toLowerCase().split(/\s+/);
  const found = listed.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  list.replaceChildren(...found.map(noteRow));
  list.children[focused]?.querySelector("button").focus();
  find("#memory-panel .search").hidden = listed.length < MANY;
  find("#memory-panel .empty").hidden = listed.length > 0;
};

const listNotes = async () => {
  if (!find("#memory-panel ul")?.checkVisibility()) return;
  const { value, failure } = await notes.list();
  if (failure) { say(failure); return; }
  listed = value.notes;
  drawNotes();
};
onNotes(listNotes);

const addNote = async (field) => {
  if (!field.value.trim()) return;
  const { failure } = await notes.create(field.value);
  say(failure ?? "");
  if (!failure) field.value = "";
};

// A box that turns one of the session's switches.
const switchBox = (name, label) => {
  const made = make("label");
  const box = Object.assign(make("input"), { type: "checkbox", name, disabled: true }); // until it is known
  box.addEventListener("change", async () => {
    const { failure } = await callJson("session", "PATCH", { [name]: box.checked });
    if (failure) { box.checked = !box.checked; say(failure); }
  });
  made.append(box, label);
  return made;
};

const readSwitches = async () => {
  const { value = {} } = await callJson("session", "GET");
  Object.entries(value).forEach(([name, isOn]) => {
    const box = find(`#memory-panel input[name=${name}]`);
    if (box) Object.assign(box, { checked: isOn, disabled: false });
  });
};

// The panel in the sidebar. It reads what there is whenever it comes into view.
export const mountMemory = ({ element }) => {
  const field = (name, label) => Object.assign(make("input", name), { placeholder: label, ariaLabel: label });
  const added = Object.assign(field("added", t("memory.add")), { maxLength: 300 });
  const searched = Object.assign(field("search", t("memory.search")), { hidden: true });
  onKeys(added, { Enter: () => addNote(added) });
  searched.addEventListener("input", drawNotes);
  const said = make("p", "said");
  said.setAttribute("role", "status");
  const boxes = [switchBox("memory", t("memory.switch.memory")), switchBox("recall", t("memory.switch.recall"))];
  element.replaceChildren(make("p", "", t("memory.about")), ...boxes, added, said, searched, make("p", "empty", t("memory.empty")), make("ul"));
  new IntersectionObserver(([place]) => {
    if (!place.isIntersecting) return;
    readSwitches();
    listNotes();
  }).observe(element);
};
