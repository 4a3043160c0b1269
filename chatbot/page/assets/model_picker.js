// The button that names the model, and the panel in which another one is chosen: a sheet on a phone. What it offers is
// chatbot/page/model_picker.py's: {providers: [{name, label, state, models: [{id, context, input, output, images, demo}]}]}.

import { heading } from "./address.js";
import { dollars } from "./answer_words.js";
import { button, dialog, find, isPhone, make, onKeys } from "./dom.js";
import { LANGUAGE, t } from "./i18n.js";
import { listLocalModels, localFacts, localModels, openLocalModels, whenLocalModels } from "./local_models.js";
import { browserStorage } from "./storage.js";
import { temporaryButton } from "./temporary.js";
import { icon } from "./tools.js";
import { newChat } from "./view.js";

const FRESH_MS = 60_000; // how long the lists are not asked for again
const MAX_RECENT = 4;

let chosen = { provider: "", model: "" };
let providers = [];
let active = ""; // the option that Enter chooses
let listedAt = 0;
let canDownload = false; // whether visitors may fetch local models
let part; // {trigger, opener, panel, field, list}

// Of the local models one has a name of its own.
const labelOf = (name, model) => {
  const found = providers.find((one) => one.name === name);
  const isDemo = found?.models.some(({ id, demo }) => demo && id === model);
  return name === "local" ? t(isDemo ? "provider.demo" : "provider.local") : found?.label ?? name ?? "";
};
const keyOf = ({ provider, model, absent }) => `${provider} ${model ?? absent}`;
const folded = (text) => text.normalize("NFKC").toLocaleLowerCase();
const compact = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumFractionDigits: 0 });

const recent = {
  get all() { return JSON.parse(browserStorage.get("recent-models") ?? "[]"); },
  add: (choice) => {
    const others = recent.all.filter((one) => keyOf(one) !== keyOf(choice));
    browserStorage.set("recent-models", JSON.stringify([choice, ...others].slice(0, MAX_RECENT)));
  },
};

const factsOf = ({ context, input, output, images }) => [
  context && t("picker.context", { size: compact.format(context) }),
  input === 0 && output === 0 && t("picker.free"),
  (input || output) && t("picker.price", { input: dollars(input ?? 0), output: dollars(output ?? 0) }),
  images && t("picker.sees"),
].filter(Boolean).join(" · ");

// What a row is made of: a choice with the words on it; without a choice it only says something.
const modelRow = (provider, entry, isShort) =>
  ({ provider: provider.name, model: entry.id, words: entry.id, facts: isShort ? labelOf(provider.name, entry.id) : factsOf(entry) });
const localRow = (entry) => {
  const known = localModels().models.find(({ model_id }) => model_id === entry.id);
  const facts = [known && localFacts(known), factsOf(entry)].filter(Boolean).join(" · ");
  return { provider: "local", model: entry.id, words: entry.demo ? t("provider.demo") : entry.id, facts };
};
const absentRow = (known) => ({ absent: known.model_id, words: known.model_id, facts: localFacts(known) });
const nameRow = ({ name }, model) => ({ isTyped: true, provider: name, model, words: t("picker.name", { name: model, provider: labelOf(name) }) });

const groupOf = (provider, words) => {
  const fits = ({ id }) => words.every((word) => folded(`${labelOf(provider.name, id)} ${labelOf(provider.name)} ${id}`).includes(word));
  const isLocal = provider.name === "local";
  const rows = provider.models.filter(fits).map((entry) => isLocal ? localRow(entry) : modelRow(provider, entry));
  const absent = isLocal ? localModels().models.filter(({ state }) => state !== "ready") : [];
  rows.push(...absent.filter(({ model_id }) => fits({ id: model_id })).map(absentRow));
  if (provider.state !== "listed") rows.push({ words: t(`picker.list.${provider.state}`) });
  return { head: labelOf(provider.name), rows, isLoading: provider.state === "loading" };
};

const recentGroup = () => {
  const isThere = ({ name, models }, { model }) => name !== "local" || models.some(({ id }) => id === model);
  const known = recent.all.map((choice) => [providers.find((one) => one.name === choice.provider && isThere(one, choice)), choice]);
  const rows = known.filter(([provider]) => provider).map(([provider, { model }]) => modelRow(provider, { id: model }, true));
  return { head: t("picker.recent"), rows };
};

// A typed name that no list has may be right all the same.
const nameGroup = (name) => {
  const takers = providers.filter((one) => one.name !== "local" && !one.models.some(({ id }) => id === name));
  takers.sort((one, other) => (other.name === chosen.provider) - (one.name === chosen.provider));
  return { head: "", rows: takers.map((provider) => nameRow(provider, name)) };
};

const groupsFor = (query) => {
  const words = folded(query).split(/\s+/).filter(Boolean);
  const groups = providers.map((provider) => groupOf(provider, words));
  const all = query ? [...groups, nameGroup(query)] : [recentGroup(), ...groups];
  const filled = all.filter(({ rows }) => rows.length);
  if (!providers.length) return [{ head: "", rows: [{ words: t("picker.none") }] }];
  return filled.length ? filled : [{ head: "", rows: [{ words: t("picker.nothing") }] }];
};

const optionOf = ({ provider, model, absent, words, facts, isTyped }, place) => {
  const isHint = model === undefined && !absent;
  const made = make("div", isHint ? "option hint" : isTyped ? "option typed" : absent ? "option absent" : "option");
  made.setAttribute("role", "option");
  made.id = `model-option-${place}`;
  made.append(make("span", "words", words), ...(facts ? [make("span", "facts", facts)] : []));
  if (isHint) { made.setAttribute("aria-disabled", "true"); return made; }
  if (absent) {
    made.dataset.absent = absent;
    made.addEventListener("click", () => { part.panel.close(); openLocalModels(absent); });
    return made;
  }
  Object.assign(made.dataset, { provider, model });
  made.setAttribute("aria-checked", String(keyOf(chosen) === keyOf({ provider, model })));
  made.addEventListener("click", () => choose({ provider, model }));
  return made;
};

const options = () => [...part.list.querySelectorAll(".option:not(.hint)")];

const markActive = (option, isScrolling = true) => {
  active = option ? keyOf(option.dataset) : "";
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  part.field.setAttribute("aria-activedescendant", option?.id ?? "");
  if (option && isScrolling) option.scrollIntoView({ block: "nearest" });
};

const drawList = () => {
  const query = part.field.value.trim();
  let place = 0;
  part.list.replaceChildren(...groupsFor(query).map(({ head, rows, isLoading }) => {
    const group = make("div", "group");
    group.setAttribute("role", "group");
    if (isLoading) group.ariaBusy = "true";
    if (head) { group.setAttribute("aria-label", head); group.append(make("div", "head", head)); }
    group.firstChild?.setAttribute("role", "presentation");
    group.append(...rows.map((row) => optionOf(row, place++)));
    return group;
  }));
  const all = options();
  const again = all.find((one) => keyOf(one.dataset) === active);
  const listed = all.filter(({ classList }) => !classList.contains("typed"));
  const exact = query ? listed.find(({ dataset }) => dataset.model === query) : all.find(({ dataset }) => keyOf(dataset) === keyOf(chosen));
  markActive(again ?? exact ?? all[0]);
  if (!again) active = ""; // nobody has moved to it: a list that comes later may have the chosen model
};

const move = (step) => {
  const all = options();
  const place = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  markActive(all[Math.max(0, Math.min(all.length - 1, place + step))]);
};

const drawButton = () => {
  const { provider, model } = chosen;
  const says = model || t("picker.choose");
  part.opener.replaceChildren(make("span", "model", says), make("span", "provider", labelOf(provider, model)));
  const label = model ? t("picker.change", { model, provider: labelOf(provider, model) }) : says;
  Object.assign(part.opener, { title: says, ariaLabel: label });
  part.opener.dataset.provider = provider;
};

export const openPicker = () => {
  const { left, bottom } = part.opener.getBoundingClientRect();
  part.panel.style.setProperty("--left", `${Math.max(8, Math.min(left, innerWidth - 8 - Math.min(innerWidth - 16, 480)))}px`);
  part.panel.style.setProperty("--top", `${bottom + 4}px`);
  part.field.value = "";
  active = keyOf(chosen);
  part.panel.showModal();
  (isPhone() ? part.panel : part.field).focus(); // on a phone the field would bring up the keyboard
  drawList();
  if (providers.some(({ name }) => name === "local")) listLocalModels();
  if (Date.now() - listedAt < FRESH_MS && providers.every(({ state }) => state === "listed")) return;
  listedAt = Date.now();
  part.trigger("list", {});
};

let wanted = null;
let afterChoice = null; // what waits for it
const choose = (choice) => {
  wanted = choice;
  recent.add(choice);
  part.panel.close();
  part.trigger("choose", {});
  if (!isPhone()) find("#message textarea")?.focus();
};

// For Gradio: the fields of the provider and the model, and the provider whose models are in the menu.
export const modelChosen = () => {
  const { provider, model } = wanted;
  const listed = providers.find(({ name }) => name === provider)?.models.map(({ id }) => id) ?? [];
  const choices = [...new Set([...listed, model])].map((name) => [name, name]);
  return [provider, { __type__: "update", choices, value: model }, provider];
};

// By Gradio, when the fields have other values: by a choice here, or because a conversation was opened.
export const showModel = (provider, model) => {
  chosen = { provider: provider ?? "", model: model ?? "" };
  if (part) drawButton();
  if (provider && !providers.some(({ name }) => name === provider)) part?.trigger("list", {}); // by a key that is remembered
  if (afterChoice && keyOf(chosen) === keyOf(wanted)) { const act = afterChoice; afterChoice = null; act(); }
};

// Chooses the provider's first model, and calls back once it is chosen. False if there is no such model, or it is chosen
// already; without `act` that is all.
export const chooseFirst = (name, act = null) => {
  const [first] = providers.find((one) => one.name === name)?.models ?? [];
  if (!first || chosen.provider === name) return false;
  if (act) { afterChoice = act; choose({ provider: name, model: first.id }); }
  return true;
};

// Shows the fields of the visitor's own keys.
export const addKey = () => {
  part.panel.close();
  if (!find("#sidebar").classList.contains("open")) find("#sidebar .toggle-button").click();
  const head = find("#keys button");
  if (!head.classList.contains("open")) head.click();
  head.scrollIntoView();
  head.focus();
};

// Shows the models that can be downloaded.
export const canGetBetter = () => canDownload;
export const getBetter = () => { part.panel.close(); openLocalModels(); };

const buildPanel = () => {
  const field = Object.assign(make("input"), { type: "text", placeholder: t("picker.search"), autocomplete: "off", spellcheck: false });
  const list = make("div", "options");
  const attributes = { role: "combobox", "aria-label": t("picker.search"), "aria-controls": "model-options", "aria-expanded": "true", "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  list.id = "model-options";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", t("picker.choose"));
  field.addEventListener("input", () => { active = ""; drawList(); });
  onKeys(field, {
    ArrowDown: () => move(1), ArrowUp: () => move(-1), PageDown: () => move(8), PageUp: () => move(-8),
    Enter: () => options().find((one) => one.getAttribute("aria-selected") === "true")?.click(),
  });
  list.addEventListener("pointermove", ({ target }) => {
    const option = target.closest(".option:not(.hint)");
    if (option && option.getAttribute("aria-selected") !== "true") markActive(option, false);
  });
  const foot = make("div", "foot");
  foot.append(button("better", t("picker.better"), getBetter), button("add-key", t("picker.key"), addKey));
  foot.firstChild.hidden = !canDownload;
  const panel = dialog("models", make("h1", "unseen", t("picker.choose")), field, list, foot);
  panel.setAttribute("aria-label", t("picker.choose"));
  panel.tabIndex = -1;
  return { panel, field, list };
};

// A list that is asked for again stays as it was until the new one comes: nothing moves below the pointer.
const withKnown = (entry) => {
  const known = entry.state === "loading" && providers.find(({ name }) => name === entry.name);
  return known?.models?.length ? { ...entry, models: known.models } : entry;
};

export const mountPicker = ({ element, props, trigger, watch }) => {
  canDownload = Boolean(props.value?.can_download);
  const opener = button("opener", "", openPicker, "");
  opener.setAttribute("aria-haspopup", "dialog");
  part = { trigger, opener, ...buildPanel() };
  const fresh = button("fresh", t("chat.new"), newChat, icon("edit")); // while the sidebar with its own is closed
  element.classList.add("head");
  element.replaceChildren(heading, opener, temporaryButton(), fresh, part.panel);
  const receive = () => {
    if (!props.value) return;
    providers = props.value.providers.map(withKnown);
    if (props.value.chosen && !chosen.provider) chosen = props.value.chosen;
    drawButton();
    if (part.panel.open) drawList();
  };
  watch("value", receive);
  receive();
  whenLocalModels((isNew) => {
    if (isNew) trigger("list", {});
    if (part.panel.open) drawList();
  }, (model) => choose({ provider: "local", model }));
};
