// The notes in the memory panel: to search, change, pin and delete.

import { deleteLater, isDeleted } from "./deletion.js";
import { button, make, onKeys } from "./dom.js";
import { LANGUAGE, t } from "./i18n.js";
import { MAX_NOTE_LENGTH, notes, onNotes } from "./notes.js";
import { open } from "./view.js";

const MOST_DRAWN = 200; // the others are found by searching

const dayOf = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium" });

let listed = []; // as the server lists them, pinned ones first
let part = null; // {element, list, search, said, close}

const say = (words) => { part.said.textContent = words ?? ""; };

// The notes in their order, but older ones about the same right behind the newest.
const grouped = () => {
  const known = new Map(listed.map((note) => [note.note_id, note]));
  const newest = (note) => known.has(note.newer_note_id) ? newest(known.get(note.newer_note_id)) : note;
  const heads = listed.filter((note) => newest(note) === note);
  return heads.flatMap((head) => [head, ...listed.filter((note) => note !== head && newest(note) === head)]);
};

const noteField = (note) => {
  const field = Object.assign(make("textarea"), { value: note.text, maxLength: MAX_NOTE_LENGTH, rows: 1, ariaLabel: t("memory.note") });
  field.addEventListener("change", async () => {
    if (field.value.trim() && field.value !== note.text) say((await notes.update(note.note_id, { text: field.value })).failure);
    else drawNotes();
  });
  onKeys(field, { Enter: () => field.blur(), Escape: () => { field.value = note.text; field.blur(); } });
  return field;
};

const noteFacts = ({ newer_note_id, last_used_at, source }) => {
  const made = make("span", "facts");
  const used = last_used_at ? t("memory.used", { date: dayOf.format(new Date(last_used_at)) }) : t("memory.unused");
  made.append([newer_note_id && t("memory.older"), used].filter(Boolean).join(" · "));
  const show = () => { part.close(); open(source.conversation_id, source.message_id); };
  if (source) made.append(button("keep", t("memory.source"), show));
  return made;
};

const noteRow = (note) => {
  const { note_id: id, text, pinned } = note;
  const made = make("li", ["note-row", pinned && "pinned", note.newer_note_id && "older"].filter(Boolean).join(" "));
  made.dataset.id = id;
  const pin = button("keep", t(pinned ? "memory.unpin" : "memory.pin"), () => notes.update(id, { pinned: !pinned }));
  const remove = button("keep", t("memory.forget"), () => {
    deleteLater(`notes/${id}`, id, t("list.deleted", { title: text }), { undone: drawNotes, done: notes.changed });
    drawNotes();
  });
  const [line, tools] = [make("div", "line"), make("span", "tools")];
  tools.append(pin, remove);
  line.append(noteFacts(note), tools);
  made.append(noteField(note), line);
  return made;
};

const drawNotes = () => {
  const { list, search } = part;
  if (document.activeElement?.matches?.("li.note-row textarea")) return; // what is being typed comes first
  const place = [...list.children].findIndex((row) => row.contains(document.activeElement));
  const there = grouped().filter(({ note_id }) => !isDeleted(note_id));
  const words = search.value.toLowerCase().split(/\s+/);
  const found = there.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  list.replaceChildren(...found.slice(0, MOST_DRAWN).map(noteRow));
  if (place >= 0) (list.children[Math.min(place, list.children.length - 1)]?.querySelector("button") ?? search).focus();
  search.hidden = !there.length;
  part.rest.textContent = found.length > MOST_DRAWN ? t("memory.more", { count: found.length - MOST_DRAWN }) : "";
  part.empty.textContent = there.length ? (found.length ? "" : t("search.nothing")) : t("memory.empty");
};

// Reads the notes anew.
export const listNotes = async () => {
  const { value, failure } = await notes.list();
  if (failure) { say(failure); return; }
  listed = value.notes;
  drawNotes();
};

// Puts the keyboard into the field of a note.
export const focusNote = (id) => part.list.querySelector(`[data-id="${id}"] textarea`)?.focus();

// The list with its fields. `close` closes the panel around it, `isShown` tells whether it is open.
export const noteList = (close, isShown) => {
  const field = (name, label) => Object.assign(make("input", name), { placeholder: label, ariaLabel: label });
  const added = Object.assign(field("added", t("memory.add")), { maxLength: MAX_NOTE_LENGTH });
  onKeys(added, {
    Enter: async () => {
      if (!added.value.trim()) return;
      const { failure } = await notes.create(added.value);
      say(failure);
      if (!failure) added.value = "";
    },
  });
  const search = Object.assign(field("search", t("memory.search")), { type: "search" });
  search.addEventListener("input", drawNotes);
  const said = make("p", "said");
  said.setAttribute("role", "status");
  part = { list: make("ul"), search, said, empty: make("p", "empty"), rest: make("p", "empty"), close };
  const element = make("section");
  element.append(added, said, search, part.empty, part.list, part.rest);
  onNotes(() => { if (isShown()) listNotes(); });
  return element;
};
