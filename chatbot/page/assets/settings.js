// The settings as a dialog, and a chip at the message box for instructions that are on. Gradio draws the fields, in a column
// of the page; opening the settings moves that column into the dialog.

import { button, dialog, find, make } from "./dom.js";
import { notificationBox } from "./done.js";
import { inAllLanguages, LOCALES, t, worded } from "./i18n.js";
import { chooseLanguage, chooseTheme, preferences } from "./preferences.js";

let panel = null;

const build = () => {
  const head = Object.assign(make("h2", "", t("settings.head")), { tabIndex: -1 });
  panel = dialog("settings", head, find("#settings"));
  panel.setAttribute("aria-label", t("settings.head"));
  panel.addEventListener("keydown", (event) => { // closes an open menu only
    if (event.key === "Escape" && event.target.getAttribute("aria-expanded") === "true") event.preventDefault();
  }, true);
  panel.addEventListener("close", () => say(null));
  find("main").append(panel);
  find("#preset input").placeholder = t("chip.own"); // of instructions that are no choice of the menu
};

export const openSettings = () => {
  if (!panel) build();
  panel.showModal();
  panel.querySelector("h2").focus(); // a field would open its menu
  find("#settings").scrollTop = 0;
};

let said; // what was saved, or why it was not
const say = (text) => { if (said) said.textContent = text ? worded(text) : ""; };

export const mountSettings = ({ element, props, watch }) => {
  said = element;
  said.setAttribute("role", "status");
  watch("value", () => say(props.value));
};

const choice = (label, value, options, act) => {
  const made = make("label");
  const select = make("select");
  select.append(...options.map(([name, text]) => Object.assign(make("option", "", text), { value: name, selected: name === value })));
  select.addEventListener("change", () => act(select.value));
  made.append(make("span", "", label), select);
  return made;
};

const nameOfLanguage = (tag) => {
  const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  return name[0].toLocaleUpperCase(tag) + name.slice(1);
};

// What the visitor chooses for this browser, whatever the chat.
export const mountPreferences = ({ element }) => {
  const themes = ["", "light", "dark"].map((name) => [name, t(`theme.${name || "system"}`)]);
  const languages = [["", t("language.system")], ...LOCALES.map((tag) => [tag, nameOfLanguage(tag)])];
  element.classList.add("preferences");
  element.replaceChildren(
    choice(t("theme.head"), preferences.theme, themes, chooseTheme),
    choice(t("language.head"), preferences.language, languages, chooseLanguage),
    notificationBox(),
  );
};

let chip; // {element, trigger}

export const mountChip = ({ element, trigger }) => {
  chip = { element, trigger };
  element.classList.add("chip");
};

// A choice of the menu is a prompt, or the key of one that comes with the app.
const isKey = (choice) => /^preset\.\w+\.prompt$/.test(choice);
export const presetText = (choice) => isKey(choice) ? t(choice) : choice ?? "";
export const isPreset = (choice, prompt) => isKey(choice) ? inAllLanguages(choice).includes(prompt) : choice === prompt;

const nameOf = (choice) => {
  if (isKey(choice)) return t(choice.replace(/\.prompt$/, ""));
  return choice && find("#preset input")?.value.replace(t("preset.saved"), "").trim() || t("chip.own");
};

// By Gradio, when the instructions or the choice among them have changed.
export const showPreset = (prompt, preset, standard) => requestAnimationFrame(() => { // by then the menu shows its choice
  const isOn = Boolean(prompt?.trim()) && prompt !== standard;
  if (!isOn) { chip.element.replaceChildren(); return; }
  const name = nameOf(preset);
  chip.element.replaceChildren(
    button("name", t("chip.open", { name }), openSettings, name),
    button("off", t("chip.off", { name }), () => { chip.trigger("off", {}); find("#message textarea").focus(); }, "✕"),
  );
});
