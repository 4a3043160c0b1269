// Deletes a conversation after ten seconds in which that can be undone; at once when the page is left.

import { button, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./session.js";

const UNDO_MS = 10_000;

let pending = null; // {id, timer}
const deleted = new Set(); // until the server no longer lists them
const notice = make("div", "undo-notice");
notice.setAttribute("role", "status");

export const isDeleted = (id) => deleted.has(id);

const finish = () => {
  if (!pending) return;
  const { id, timer, undone } = pending;
  clearTimeout(timer);
  pending = null;
  notice.replaceChildren();
  const failed = () => { deleted.delete(id); undone(); };
  call(`conversations/${id}`, { method: "DELETE", keepalive: true }).then((response) => {
    if (!response.ok && response.status !== 404) failed();
  }, failed);
};

export const deleteLater = (id, title, { undone }) => {
  finish();
  deleted.add(id);
  const undo = button("undo", t("list.undo"), () => {
    clearTimeout(pending.timer);
    pending = null;
    deleted.delete(id);
    notice.replaceChildren();
    undone();
  });
  pending = { id, undone, timer: setTimeout(finish, UNDO_MS) };
  notice.replaceChildren(make("span", "", t("list.deleted", { title: title || t("chat.new") })), undo);
  find("main").append(notice);
};

addEventListener("pagehide", finish);
