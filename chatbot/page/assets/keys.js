// The visitor's own API keys. Each is checked when its field is left, and stays in this browser only if the visitor ticks so.

import { find, make } from "./dom.js";
import { t, worded } from "./i18n.js";
import { browserStorage } from "./storage.js";

const remembered = JSON.parse(browserStorage.get("keys") ?? "null"); // by provider
const keys = { ...remembered };
const findings = {}; // by provider: what its check found, as a text
let isRemembering = Boolean(remembered);
let part; // {element, trigger}

// For Gradio: the fields' values when the page is loaded.
export const rememberedKeys = (names) => names.map((name) => remembered?.[name] ?? "");

const store = () => {
  if (isRemembering) browserStorage.set("keys", JSON.stringify(keys));
  else browserStorage.remove("keys");
};

// Where a key is made.
const PAGES = {
  openai: "https://platform.openai.com/api-keys",
  anthropic: "https://platform.claude.com/settings/keys",
  huggingface: "https://huggingface.co/settings/tokens",
};
const NAMES = [...Object.keys(PAGES), "compatible"];

const drawBelow = (name) => {
  const field = find(`#${name}-key`);
  if (!field || field.querySelector(".below")) return;
  const line = make("p", "below");
  const finding = make("span", "finding");
  finding.setAttribute("role", "status");
  line.append(finding);
  if (PAGES[name]) {
    const label = `${t("keys.make")} (${field.querySelector("[data-testid=block-info]")?.textContent.trim()})`;
    line.append(Object.assign(make("a", "", t("keys.make")), { href: PAGES[name], target: "_blank", rel: "noreferrer", ariaLabel: label }));
  }
  field.append(line);
  drawFinding(name);
};

const drawFinding = (name) => {
  const line = find(`#${name}-key .finding`);
  const text = findings[name];
  if (!line) return;
  line.textContent = text ? worded(text) : "";
  line.classList.toggle("works", text?.key === "keys.works");
};

const found = (name, text) => { findings[name] = text; drawFinding(name); };

const FIELD = "#keys [id$=-key] input";

const leave = (field) => {
  const name = field.closest("[id$=-key]").id.replace(/-key$/, "");
  const key = field.value.trim();
  if (key === (keys[name] ?? "")) return;
  keys[name] = key;
  store();
  found(name, key ? { key: "keys.checking" } : null);
  part.trigger("check", { provider: name });
};

// Here and not at the fields, which Gradio draws whenever the section is opened.
document.addEventListener("focusout", ({ target }) => { if (target.matches(FIELD)) leave(target); });
document.addEventListener("keydown", ({ key, target }) => { if (key === "Enter" && target.matches(FIELD)) leave(target); });

const tick = () => {
  const made = make("label", "remember");
  const box = Object.assign(make("input"), { type: "checkbox", checked: isRemembering });
  const words = make("span");
  box.addEventListener("change", () => { isRemembering = box.checked; store(); });
  words.append(make("strong", "", t("keys.remember")), make("small", "", t("keys.remember.about")));
  made.append(box, words);
  return made;
};

// In the section of the keys, each time that it is opened. props.value is {provider, text}.
export const mountKeys = ({ element, props, trigger, watch }) => {
  part = { element, trigger };
  element.replaceChildren(tick());
  const draw = () => NAMES.forEach(drawBelow);
  new MutationObserver(draw).observe(find("#keys"), { childList: true, subtree: true }); // Gradio may draw the fields later
  draw();
  watch("value", () => { if (props.value) found(props.value.provider, props.value.text); });
};
