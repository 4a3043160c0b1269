// What the keyboard does beside typing, and a sheet that says so.

const MAC = navigator.platform.startsWith("Mac");
const MOD = MAC ? "⌘" : t("key.ctrl");
const SHORTCUTS = [
  [t("box.send"), [t("key.enter")]],
  [t("keyboard.line"), [t("key.shift"), t("key.enter")]],
  [t("keyboard.stop"), [t("key.escape")]],
  [t("keyboard.edit"), ["↑"]],
  [t("chat.new"), [MOD, t("key.shift"), "O"]],
  [t("search.hint"), [MOD, "K"]],
  [t("keyboard.list"), ["?"]],
];

const sheet = make("dialog", "shortcuts");
const lines = make("dl");
for (const [what, keys] of SHORTCUTS) {
  const combination = make("dd");
  combination.append(...keys.map((key) => make("kbd", "", key)));
  lines.append(make("dt", "", what), combination);
}
sheet.setAttribute("aria-label", t("keyboard.head"));
sheet.append(make("h2", "", t("keyboard.head")), lines, press("close", t("keyboard.close"), () => sheet.close(), "✕"));
sheet.addEventListener("click", ({ target }) => { if (target === sheet) sheet.close(); }); // beside it

const find = (selector) => document.querySelector(selector);

const search = () => {
  const sidebar = find("#sidebar");
  if (!sidebar.classList.contains("open")) sidebar.querySelector(".toggle-button").click();
  find("#search input").focus();
};

const editLast = () => {
  const rows = [...document.querySelectorAll("#chat .user-row .tool.edit")];
  rows.at(-1)?.click();
  return rows.length;
};

const isTyping = ({ target }) => target.closest("input, textarea, select, [contenteditable=true]");
const isEmptyBox = ({ target }) => target.matches("#message textarea") && !target.value;

// What a key does; true where it did something, so that it does nothing else.
const act = (event) => {
  const { key } = event;
  if (MAC ? event.metaKey : event.ctrlKey) {
    if (event.shiftKey && key.toLowerCase() === "o") return find("#new-chat").click(), true;
    return key.toLowerCase() === "k" && !event.shiftKey && (search(), true);
  }
  if (event.altKey || event.metaKey || event.ctrlKey) return false;
  if (key === "Escape" && !(isTyping(event) && !event.target.matches("#message textarea"))) {
    const stop = find("#message .stop-button");
    return stop && (stop.click(), true);
  }
  if (key === "ArrowUp") return isEmptyBox(event) && editLast() > 0;
  if (isTyping(event)) return false;
  if (key === "/") return search(), true;
  return key === "?" && (sheet.showModal(), true);
};

document.addEventListener("keydown", (event) => {
  if (!event.isComposing && !sheet.open && act(event)) event.preventDefault();
});

// Gradio's own Enter waits for the browser's next frame, ten milliseconds and more, before it does what its button does.
document.addEventListener("keypress", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("#message textarea")) return;
  event.preventDefault();
  event.stopPropagation();
  find("#message .submit-button")?.click();
}, true);

// Gradio's buttons in the message box have no names.
const name = () => {
  find("#message .submit-button")?.setAttribute("aria-label", t("box.send"));
  find("#message .stop-button")?.setAttribute("aria-label", t("box.stop"));
};
onceEntered(() => {
  new MutationObserver(name).observe(find("#message"), { childList: true, subtree: true });
  name();
});

element.replaceChildren(press("help", t("keyboard.help"), () => sheet.showModal(), "?"), sheet);
