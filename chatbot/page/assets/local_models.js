// The models on this computer, a dialog: what each takes, and downloading, removing and choosing them. The server's part is
// chatbot/api/local_models.py.

import { button, dialog, find, make } from "./dom.js";
import { LANGUAGE, t } from "./i18n.js";
import { callJson } from "./session.js";

const POLL_MS = 700;
const BUSY = ["downloading", "checking"];

let overview = { models: [], can_download: false };
let choose; // takes the name of a model that is to answer
let changed = () => {}; // called when there is something new
let part; // the dialog, once it was open: {panel, about, list, said, cards}
let timer;

export const localModels = () => overview;
export const whenLocalModels = (act, use) => { changed = act; choose = use; };

const amount = (bytes) => {
  const [unit, value] = bytes < 995e6 ? ["megabyte", bytes / 1e6] : ["gigabyte", bytes / 1e9];
  return value.toLocaleString(LANGUAGE, { style: "unit", unit, maximumFractionDigits: unit === "gigabyte" ? 1 : 0 });
};
const duration = (seconds) => {
  const [unit, value] = seconds < 100 ? ["second", seconds] : ["minute", seconds / 60];
  return Math.ceil(value).toLocaleString(LANGUAGE, { style: "unit", unit, unitDisplay: "long" });
};
const percent = (share) => share.toLocaleString(LANGUAGE, { style: "percent" });

// What a model is and takes, in words.
export const localFacts = ({ model_id, state, is_demo, size, memory, license, tokens_per_second, received, seconds_left }) => [
  is_demo && model_id,
  state === "absent" && t("local.get", { size: amount(size) }),
  BUSY.includes(state) && percent(received / size),
  BUSY.includes(state) && seconds_left !== null && t("local.left", { time: duration(seconds_left) }),
  state === "paused" && t("local.paused", { share: percent(received / size) }),
  state === "ready" && size && amount(size),
  memory && t("local.memory", { size: amount(memory), free: amount(overview.free_memory) }),
  state !== "ready" && t("local.disk", { free: amount(overview.free_disk) }),
  license,
  tokens_per_second && t("account.rate", { rate: Math.round(tokens_per_second) }),
].filter(Boolean).join(" · ");

const isShown = () => part?.panel.open || find("dialog.models")?.open;

export const listLocalModels = async () => {
  clearTimeout(timer);
  const { value } = await callJson("local-models", "GET");
  if (value) {
    const before = overview.models.filter(({ state }) => state === "ready").length;
    overview = value;
    changed(value.models.filter(({ state }) => state === "ready").length !== before);
    if (part) draw();
  }
  clearTimeout(timer);
  if (isShown()) timer = setTimeout(listLocalModels, POLL_MS);
};

const act = async (model, path, method = "POST") => {
  const { failure } = await callJson(`local-models/${encodeURIComponent(model)}${path}`, method);
  if (part) part.said.textContent = failure ?? "";
  await listLocalModels();
};

// Every model's actions, by its state: [[name, label, act]].
const actionsOf = ({ model_id, state, size, is_removable }) => {
  const start = () => act(model_id, "/download");
  const remove = ["remove", t("local.remove"), () => act(model_id, "", "DELETE")];
  const actions = {
    absent: [["get", t("local.download", { size: amount(size ?? 0) }), start]],
    downloading: [["pause", t("local.pause"), () => act(model_id, "/pause")]],
    checking: [],
    paused: [["get", t("turn.resume"), start], remove],
    failed: [["get", t("turn.retry"), start], remove],
    ready: [["use", t("local.use"), () => { part.panel.close(); choose(model_id); }], ...(is_removable ? [remove] : [])],
  }[state];
  return overview.can_download ? actions : actions.filter(([name]) => name === "use");
};

const nameOf = ({ model_id, is_demo }) => is_demo ? t("provider.demo") : model_id;

const statusOf = ({ state, received, size, bytes_per_second, seconds_left, message }) => [
  state === "checking" && t("local.checking"),
  ["downloading", "paused"].includes(state) && t("local.received", { received: amount(received), size: amount(size) }),
  state === "downloading" && bytes_per_second > 0 && t("local.speed", { size: amount(bytes_per_second) }),
  state === "downloading" && seconds_left !== null && t("local.left", { time: duration(seconds_left) }),
  message,
].filter(Boolean).join(" · ");

const buildCard = (model) => {
  const element = make("li", "model");
  const bar = make("progress");
  bar.setAttribute("aria-label", nameOf(model));
  const card = { element, bar, facts: make("p", "facts"), status: make("p", "status"), actions: make("div", "actions"), state: "" };
  element.append(make("h3", "", nameOf(model)), card.facts, bar, card.status, card.actions);
  element.dataset.model = model.model_id;
  return card;
};

// The buttons are made anew only if they are others: one may have the focus.
const drawActions = (card, model) => {
  const state = `${model.state} ${model.is_removable} ${overview.can_download}`;
  if (card.state === state) return;
  card.state = state;
  const hadFocus = card.actions.contains(document.activeElement);
  const made = actionsOf(model).map(([name, label, press]) => {
    const one = button(name, label, press);
    one.setAttribute("aria-label", `${label}: ${nameOf(model)}`);
    return one;
  });
  card.actions.replaceChildren(...made);
  if (hadFocus) (made[0] ?? part.panel.querySelector(".close")).focus();
};

const drawCard = (card, model) => {
  card.facts.textContent = localFacts({ ...model, state: "ready" });
  card.status.textContent = statusOf(model);
  card.status.classList.toggle("failed", model.state === "failed");
  card.bar.hidden = !["downloading", "checking", "paused"].includes(model.state);
  Object.assign(card.bar, { max: model.size || 1, value: model.received });
  drawActions(card, model);
};

const draw = () => {
  const { models, can_download, free_memory, free_disk } = overview;
  const free = can_download ? t("local.free", { memory: amount(free_memory), disk: amount(free_disk) }) : t("local.off");
  part.about.textContent = `${t("local.about")} ${free}`;
  for (const [name, card] of part.cards) {
    if (!models.some(({ model_id }) => model_id === name)) { card.element.remove(); part.cards.delete(name); }
  }
  for (const model of models) {
    if (!part.cards.has(model.model_id)) part.cards.set(model.model_id, buildCard(model));
    const card = part.cards.get(model.model_id);
    if (!card.element.isConnected) part.list.append(card.element);
    drawCard(card, model);
  }
};

const build = () => {
  const about = make("p", "about"), list = make("ul"), said = make("p", "said");
  said.setAttribute("role", "alert");
  const panel = dialog("local-models", make("h2", "", t("local.head")), about, said, list);
  panel.setAttribute("aria-label", t("local.head"));
  find("main").append(panel);
  return { panel, about, list, said, cards: new Map() };
};

// Opens the dialog, and starts the download of the model with that name.
export const openLocalModels = async (download = "") => {
  part ??= build();
  part.said.textContent = "";
  part.panel.showModal();
  part.panel.querySelector(".close").focus();
  await listLocalModels();
  if (!download) return;
  part.cards.get(download)?.element.scrollIntoView({ block: "nearest" });
  await act(download, "/download");
};
