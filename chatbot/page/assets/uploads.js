// The attachments of the next message: chosen, dropped or pasted, and uploaded at once.

import { cachedContent, thumbnail } from "./attachments.js";
import { button, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { call } from "./session.js";

let waiting = []; // {name, kind, size, content, id once uploaded, refused: why, done: a promise}
let sent = []; // those of the message that was sent last
const list = make("div", "waiting");

const KINDS = { "image/png": "picture", "image/jpeg": "picture", "application/pdf": "document" };
const PREVIEWED = ["image/png", "image/jpeg", "image/webp", "image/gif"];

const upload = async (file) => {
  try {
    const path = `attachments?name=${encodeURIComponent(file.name.slice(-200))}`;
    const response = await call(path, { method: "POST", body: file.content });
    const body = await response.json();
    if (!response.ok) file.refused = body.error.message;
    else Object.assign(file, { id: body.attachment_id, name: body.name, kind: KINDS[body.media_type] ?? "text" });
  } catch {
    file.refused = t("files.lost", { name: file.name });
  }
  drawUploads();
};

const add = (files) => {
  for (const content of files) {
    const kind = PREVIEWED.includes(content.type) ? "picture" : content.type === "application/pdf" ? "document" : "text";
    const file = { name: content.name, kind, size: content.size, content, refused: uploads.refusal };
    if (!file.refused) file.done = upload(file);
    waiting.push(file);
  }
  drawUploads();
  find("#message textarea")?.focus();
};

const drop = (file) => { waiting = waiting.filter((one) => one !== file); drawUploads(); };

const uploadItem = (file) => {
  const made = make("div", file.refused ? "item refused" : file.id ? "item" : "item uploading");
  made.append(file.refused ? make("p", "", file.refused) : thumbnail(file));
  made.append(button("remove", t("files.remove", { name: file.name }), () => drop(file), "✕"));
  return made;
};

const listeners = [];

// Calls back when files were added or removed, or an upload has ended.
export const onUploads = (listener) => listeners.push(listener);

const drawUploads = () => {
  list.replaceChildren(...waiting.map(uploadItem));
  listeners.forEach((listener) => listener());
};

export const uploads = {
  refusal: "", // why the conversation on display takes no files, empty if it does
  get any() { return waiting.some((file) => !file.refused); },
  // The ids of those that go with the message, once they are uploaded; null if one was just refused, which is to be read.
  take: async () => {
    const known = waiting.filter((file) => file.refused);
    await Promise.all(waiting.map((file) => file.done));
    if (waiting.some((file) => file.refused && !known.includes(file))) return null;
    sent = waiting.filter((file) => file.id);
    waiting = [];
    drawUploads();
    return sent.map((file) => file.id);
  },
  // Gives back those of a message that was refused, and makes those of an undone message wait again.
  giveBack: async (ids = [], undone = []) => {
    const again = undone.map(async (file) => ({ ...file, content: await cachedContent(file.id) }));
    const returned = [...sent.filter((file) => ids.includes(file.id)), ...(await Promise.all(again))];
    sent = [];
    waiting = [...returned, ...waiting];
    drawUploads();
  },
};

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const markDropping = (on) => document.body.classList.toggle("dropping", on);

export const mountUploads = ({ element }) => {
  const picker = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true });
  picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });
  list.setAttribute("aria-live", "polite");
  find(".gradio-container").append(make("div", "drop-here", t("files.drop")));
  element.replaceChildren(list, button("attach", t("files.attach"), () => picker.click(), "+"), picker);
  addEventListener("dragover", (event) => { if (carriesFiles(event)) { event.preventDefault(); markDropping(true); } });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) markDropping(false); });
  addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    markDropping(false);
    add(event.dataTransfer.files);
  });
  // Office programs put a picture of the text beside the text: then the text is meant.
  addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? {};
    if (!files?.length || types.includes("text/plain") || event.target.closest?.("#sidebar")) return;
    event.preventDefault();
    add(files);
  });
};
