// Pinned messages: they always go to the model, whatever else falls out of the window.

import { make } from "./dom.js";
import { t } from "./i18n.js";
import { callJson } from "./session.js";
import { icon, tool } from "./tools.js";
import { changeLines, showEarlier, view } from "./view.js";

const changed = (id, pinned) => view.lines.rows.map((each) => each.id === id ? { ...each, pinned } : each);

const note = (text) => {
  const made = make("p", "note failed", text);
  made.setAttribute("role", "alert");
  return made;
};

export const pinTool = (row, { id, pinned }) => {
  const path = `conversations/${view.conversation}/messages/${id}`;
  return tool("pin", t(pinned ? "turn.unpin" : "turn.pin"), async () => {
    const { value, failure } = await callJson(path, "PATCH", { pinned: !pinned });
    row.querySelector(".turn > .note.failed[role=alert]")?.remove();
    if (failure) { row.querySelector(".turn").prepend(note(failure)); return; }
    changeLines({ rows: changed(id, value.pinned) });
  });
};

export const pinMark = () => {
  const made = make("span", "pin-mark");
  made.title = t("turn.pinned.about");
  made.append(icon("pin"), make("span", "", t("turn.pinned")));
  return made;
};

// Leads to the button of the message above a row: the newest that the model no longer sees.
export const seekPin = (row) => {
  const rows = [...document.querySelectorAll("#chat .message-row")];
  const before = rows[rows.indexOf(row) - 1];
  if (!before) { showEarlier(view.lines.rows[0].id); return; }
  before.scrollIntoView({ block: "center" });
  before.querySelector(".pin")?.focus();
};
