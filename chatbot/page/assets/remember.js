// “Remember this”: makes a note of a message, or of what is selected in it.

import { button, dialog, find, make, onKeys } from "./dom.js";
import { t } from "./i18n.js";
import { MAX_NOTE_LENGTH, notes, onOneLine } from "./notes.js";
import { tool } from "./tools.js";

const made = new Map(); // by message, the note that was made of it on this page

export const noteOf = (messageId) => made.get(messageId);

const selectedIn = (row) => {
  const { anchorNode, focusNode, isCollapsed } = getSelection();
  return !isCollapsed && row.contains(anchorNode) && row.contains(focusNode) ? getSelection().toString() : "";
};

// Lets the visitor cut a text that is too long for a note, or that was refused. `save` resolves to why not, if it failed.
const editDialog = (text, why, save) => {
  const field = Object.assign(make("textarea"), { value: text, ariaLabel: t("memory.note"), rows: 6 });
  const said = make("p", "said", why);
  said.setAttribute("role", "status");
  const count = make("span", "count");
  const keep = button("send", t("memory.save"), async () => {
    said.textContent = await save(onOneLine(field.value)) ?? "";
    if (!said.textContent) asked.close();
  });
  const draw = () => {
    const length = [...onOneLine(field.value)].length;
    count.textContent = t("memory.length", { number: length, most: MAX_NOTE_LENGTH });
    count.classList.toggle("too-much", length > MAX_NOTE_LENGTH);
    keep.disabled = !length || length > MAX_NOTE_LENGTH;
  };
  const actions = make("div", "actions");
  actions.append(count, keep);
  const asked = dialog("remember", make("h2", "", t("memory.remember")), said, field, actions);
  asked.setAttribute("aria-label", t("memory.remember"));
  asked.addEventListener("close", () => asked.remove());
  field.addEventListener("input", draw);
  onKeys(field, { Enter: () => keep.click() });
  draw();
  find("main").append(asked);
  asked.showModal();
  field.focus();
  field.setSelectionRange(0, 0);
  field.scrollTop = 0;
};

// The button at a message. `place` is {conversation_id, message_id}, `done` is called when there is a note of it.
export const rememberTool = (row, text, place, done) => {
  let selected = "";
  const save = async (note) => {
    const { value, failure } = await notes.create(note, { source: place });
    if (value) { made.set(place.message_id, value.note_id); done(); }
    return failure;
  };
  const remember = async () => {
    const note = onOneLine(selectedIn(row) || selected || text);
    selected = "";
    const failure = [...note].length > MAX_NOTE_LENGTH ? t("memory.long", { most: MAX_NOTE_LENGTH }) : await save(note);
    if (failure) editDialog(note, failure, save);
  };
  const drawn = tool("remember", t("memory.remember"), remember);
  drawn.addEventListener("pointerdown", () => { selected = selectedIn(row); }); // some browsers drop the selection then
  return drawn;
};
