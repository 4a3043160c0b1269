// What the keyboard does beside typing, and a sheet that says so.

import { button, dialog, find, isComposing, isTouch, make } from "./dom.js";
import { t } from "./i18n.js";
import { openSettings } from "./settings.js";
import { machine } from "./state.js";
import { queueMessage, send, stop } from "./view.js";

const IS_MAC = navigator.platform.startsWith("Mac");

const shortcutSheet = () => {
  const mod = IS_MAC ? "⌘" : t("key.ctrl");
  const shortcuts = [
    [t("box.send"), [t("key.enter")]],
    [t("keyboard.line"), [t("key.shift"), t("key.enter")]],
    [t("keyboard.stop"), [t("key.escape")]],
    [t("queue.stop"), [mod, t("key.enter")]],
    [t("keyboard.edit"), ["↑"]],
    [t("chat.new"), [mod, t("key.shift"), "O"]],
    [t("search.hint"), [mod, "K"]],
    [t("settings.head"), [mod, ","]],
    [t("keyboard.list"), ["?"]],
  ];
  const lines = make("dl");
  for (const [what, keys] of shortcuts) {
    const combination = make("dd");
    combination.append(...keys.map((key) => make("kbd", "", key)));
    lines.append(make("dt", "", what), combination);
  }
  const made = dialog("shortcuts", make("h2", "", t("keyboard.head")), lines);
  made.setAttribute("aria-label", t("keyboard.head"));
  return made;
};

const focusSearch = () => {
  const sidebar = find("#sidebar");
  if (!sidebar.classList.contains("open")) sidebar.querySelector(".toggle-button").click();
  find("#search input").focus();
};

const editLast = () => {
  const tools = [...document.querySelectorAll("#chat .user-row .tool.edit")];
  tools.at(-1)?.click();
  return tools.length > 0;
};

const isTyping = ({ target }) => target.closest("input, textarea, select, [contenteditable=true]");
const isBox = ({ target }) => target.matches("#message textarea");

// Does what the key stands for; true if that was something.
const press = (event, sheet) => {
  const { key } = event;
  if (IS_MAC ? event.metaKey : event.ctrlKey) {
    if (event.shiftKey && key.toLowerCase() === "o") { find("#new-chat").click(); return true; }
    if (key.toLowerCase() === "k" && !event.shiftKey) { focusSearch(); return true; }
    if (key === ",") { openSettings(); return true; }
    if (key === "Enter" && isBox(event) && machine.isAnswering) { queueMessage(event.target.value, true); return true; }
    return false;
  }
  if (event.altKey || event.metaKey || event.ctrlKey) return false;
  if (key === "Escape" && !(isTyping(event) && !isBox(event))) {
    if (machine.isAnswering) stop();
    return machine.isAnswering;
  }
  if (key === "ArrowUp") return isBox(event) && !event.target.value && editLast();
  if (isTyping(event)) return false;
  if (key === "/") { focusSearch(); return true; }
  if (key === "?") { sheet.showModal(); return true; }
  return false;
};

export const mountShortcuts = ({ element }) => {
  const sheet = shortcutSheet();
  element.replaceChildren(button("help", t("keyboard.help"), () => sheet.showModal(), "?"), sheet);
  let composing = false; // with the key that is down
  document.addEventListener("keydown", (event) => {
    composing = isComposing(event);
    if (!composing && !find("dialog[open], :popover-open") && press(event, sheet)) event.preventDefault();
  });
  // Not by Gradio's Enter and buttons: its Enter waits for the browser's next frame, 10 ms and more, and a button that is
  // not drawn yet would lose the key.
  document.addEventListener("keypress", (event) => {
    if (event.key !== "Enter" || event.shiftKey || !isBox(event)) return;
    event.stopPropagation(); // Gradio knows nothing of Safari's compositions
    if (composing || isComposing(event) || isTouch()) return; // on a touch screen it is the only way to a new line
    event.preventDefault();
    send(event.target.value);
  }, true);
};
