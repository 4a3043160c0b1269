// Deletes a conversation or a note after ten seconds in which that can be undone; at once when the page is left, or when a
// message is sent: nothing that was deleted goes along with it.

import { button, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./session.js";

const UNDO_MS = 10_000;

let pending = null; // {path, id, timer, undone, done}
const deleted = new Set(); // until the server no longer lists them
const notice = make("div", "undo-notice");
notice.setAttribute("role", "status");

// Takes back the deletion of what is opened again while it waits.
export const keep = (id) => { if (pending?.id === id) undo(false); };

export const isDeleted = (id) => deleted.has(id);

// Places the notice where it can be reached: behind an open dialog nothing can.
export const placeNotice = () => (find("dialog[open]") ?? find("main")).append(notice);

// Deletes what waits for it. Resolves when the server has done so; null if nothing waits.
export const finishDeletion = () => {
  if (!pending) return null;
  const { path, id, timer, undone, done } = pending;
  clearTimeout(timer);
  pending = null;
  notice.replaceChildren();
  const failed = () => { deleted.delete(id); undone(); };
  return call(path, { method: "DELETE", keepalive: true }).then((response) => {
    if (response.ok || response.status === 404) done(); else failed();
  }, failed);
};

const undo = (opens = true) => {
  const { id, timer, undone } = pending;
  clearTimeout(timer);
  pending = null;
  deleted.delete(id);
  notice.replaceChildren();
  undone(opens);
};

// `words` say what was deleted. `undone` is called if it is there again, with whether it may be opened; `done` once it is gone for good.
export const deleteLater = (path, id, words, { undone, done = () => {} }) => {
  finishDeletion();
  deleted.add(id);
  pending = { path, id, undone, done, timer: setTimeout(finishDeletion, UNDO_MS) };
  notice.replaceChildren(make("span", "", words), button("undo", t("list.undo"), () => undo()));
  placeNotice();
};

addEventListener("pagehide", finishDeletion);
