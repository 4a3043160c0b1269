// Tells that an answer has come while the page was in the background: in the tab's title and, where the visitor ticked it in
// the settings and the browser allows it, by a notification.

import { markTitle, shownTitle } from "./address.js";
import { make } from "./dom.js";
import { t } from "./i18n.js";
import { preferences, wantNotifications } from "./preferences.js";
import { machine } from "./state.js";
import { open, view } from "./view.js";

const isAllowed = () => globalThis.Notification?.permission === "granted";

const notify = (id, title) => {
  try {
    // One for each conversation, also with two tabs.
    const shown = new Notification(t("done.title"), { body: title ?? "", tag: `chatbot-${id}` });
    shown.addEventListener("click", () => {
      window.focus();
      if (id && id !== view.conversation) open(id);
      shown.close();
    });
  } catch { /* phones show notifications of service workers only */ }
};

// An answer has ended in the conversation of that id and title.
export const answerEnded = (id, title) => {
  if (!document.hidden) return;
  markTitle(t("done.title"));
  if (preferences.notifications && isAllowed()) notify(id, title);
};

// The box in the settings. The browser asks only when it is ticked.
export const notificationBox = () => {
  const made = make("label", "notifications");
  const box = Object.assign(make("input"), { type: "checkbox", checked: preferences.notifications && isAllowed() });
  const said = make("small", "", t("done.notify.about"));
  said.setAttribute("role", "status");
  box.addEventListener("change", async () => {
    if (box.checked && !isAllowed()) await globalThis.Notification?.requestPermission();
    const isRefused = box.checked && !isAllowed();
    if (isRefused) box.checked = false;
    said.textContent = t(isRefused ? "done.notify.refused" : "done.notify.about");
    wantNotifications(box.checked);
  });
  const words = make("span", "", t("done.notify"));
  words.append(said);
  made.append(box, words);
  return made;
};

let before = machine.state;
machine.onChange((state) => {
  if (state === "idle" && ["streaming", "sending"].includes(before)) answerEnded(view.conversation, shownTitle());
  before = state;
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) markTitle(""); });
