// The conversation on display. Each turn, and each conversation that is opened, is a view with a number of its own: the
// server repeats it in its updates, and updates of a view that was left are ignored. The server's updates are
// chatbot/page/view_update.py's.

import { conversationInAddress, showAddress } from "./address.js";
import { finishDeletion, keep } from "./deletion.js";
import { find, isPhone, make } from "./dom.js";
import { t } from "./i18n.js";
import { mountMessages, rowsOf, showMessages } from "./messages.js";
import { tokenArrived } from "./session.js";
import { machine } from "./state.js";
import { tabStorage } from "./storage.js";
import { uploads } from "./uploads.js";

export const view = {
  number: 0,
  conversation: "",
  messages: [], // those before the answer, as the server last sent them
  question: null, // what was just sent, until the server sends it back among the messages
  answer: [],
  queued: [], // the visitor's messages that wait for the end of the answer: {id, text, files, refusal}
  lines: {},
  settings: null,
  isTemporary: false, // the chat is in the server's memory only
  anchor: "end", // what stays in its place as the chat grows: its end, the newest question at the top, or nothing
};

let hub; // raises events in Python
let box = null; // text for the message box
let sentText = "";
let isStopWanted = false; // of the answer of this view, as soon as it runs
let isClosingSidebar = false;
const listeners = [];

// Calls back when the lines below the messages have changed, or whether the chat is temporary.
export const onLines = (listener) => listeners.push(listener);
const linesChanged = () => {
  uploads.refusal = view.isTemporary ? t("failure.invalid_attachment.temporary") : "";
  listeners.forEach((listener) => listener());
};

// Calls back when the messages that wait have changed, or the box was emptied.
const queueListeners = [];
export const onQueue = (listener) => queueListeners.push(listener);
const queueChanged = () => queueListeners.forEach((listener) => listener());

// Calls back when a text was put into the message box, or it was emptied.
const BOX_MS = 50; // Gradio sets the field soon after it was given the text
const boxListeners = [];
export const onBox = (listener) => boxListeners.push(listener);

// An answer that has no text yet, as the server shows it. It is there with the question: its first text needs no new row.
const WAITING = [{ role: "assistant", blocks: ['<span class="typing"></span>'], metadata: null }];

const about = (detail) => ({ view: view.number, conversation_id: view.conversation, ...detail });
const shownMessages = () => [...view.messages, ...(view.question ? [view.question] : []), ...view.answer];

// Shows the view. Gradio is asked only if rows, buttons or the box change: it goes through all messages each time.
let drawnRows = "";
const rowsNow = () => JSON.stringify([rowsOf(shownMessages()), machine.isAnswering]);
const apply = () => {
  showMessages(shownMessages());
  if (box !== null || rowsNow() !== drawnRows) hub.trigger("apply", {});
};
// Another process may answer the next view, by a clock of its own.
const countView = () => { view.number += 1; queuedAt = 0; };
let visits = 0; // how often the page went on to something else: not where the same view is read again
const nextView = () => {
  visits += 1;
  if (machine.isAnswering) hub.trigger("leave", { view: view.number, stops: isStopWanted });
  isStopWanted = false;
  countView();
};

// For Gradio: the chat and the message box as they are now.
export const applied = () => {
  const messages = rowsOf(shownMessages());
  drawnRows = rowsNow();
  const buttons = { submit_btn: !machine.isAnswering, stop_btn: machine.isAnswering };
  const text = box === null ? {} : { value: box };
  if (box !== null) setTimeout(() => boxListeners.forEach((listener) => listener()), BOX_MS);
  box = null;
  return [messages, { __type__: "update", ...buttons, ...text }];
};

// For Gradio: the settings of a conversation that was opened, and the sidebar, which then closes on a phone.
export const opened = () => {
  const same = { __type__: "update" };
  const settings = (view.settings ?? Array(9).fill(same)).map((value) => value?.choices ? { ...same, ...value } : value);
  const sidebar = isClosingSidebar && isPhone() ? { ...same, open: false } : same;
  view.settings = null;
  isClosingSidebar = false;
  return [...settings, sidebar];
};

// Gradio shows only the last of the updates that come while the browser is busy, so each of a running answer's brings the
// whole conversation; what was taken from one before is left out here.
let taken = "";
const newOf = ({ unchanged, ...rest }) => {
  const part = rest.part && `${rest.view} ${rest.part}`;
  const isNew = unchanged && part !== taken;
  if (isNew) taken = part;
  return { ...JSON.parse(JSON.stringify(rest)), ...(isNew ? JSON.parse(unchanged) : {}) }; // Gradio reuses the objects
};

const questionCount = () => shownMessages().filter(({ role }) => role === "user").length;

// The text in the message box, also if Gradio is about to put it there.
export const typedText = () => box ?? field()?.value ?? "";

// A text that comes back to the box stands before what was typed meanwhile.
const beforeTyped = (text) => {
  const typed = typedText();
  return [text, typed === text ? "" : typed].filter(Boolean).join("\n");
};

// What was sent from a view that was left, and is refused, is not lost: it comes into the box as well.
const receiveLeft = ({ box: text, returned = [] }) => {
  if (text === undefined) return;
  box = beforeTyped(text);
  if (returned.length) uploads.giveBack(returned);
  apply();
};

const receive = (update) => {
  if (update && update.view < view.number) receiveLeft(update);
  if (update?.view !== view.number) return;
  const copy = newOf(update);
  if (copy.token) tokenArrived(copy.token);
  const isOther = (copy.conversation_id ?? view.conversation) !== view.conversation;
  const asked = questionCount();
  view.conversation = copy.conversation_id ?? view.conversation;
  if (copy.messages) Object.assign(view, { messages: copy.messages, question: null });
  const isOver = copy.phase === "idle" && view.answer === WAITING;
  view.answer = copy.answer ?? (isOver ? [] : view.answer);
  view.settings = copy.settings ?? view.settings;
  const isNewQueue = copy.queued && copy.queued_at >= queuedAt; // two requests may be answered the other way round
  if (isNewQueue) { view.queued = copy.queued; queuedAt = copy.queued_at; isQueueing = false; }
  if (copy.box !== undefined) box = beforeTyped(copy.box);
  if (copy.returned?.length || copy.undone?.length) uploads.giveBack(copy.returned, copy.undone);
  if (copy.lines) Object.assign(view, { lines: copy.lines, isTemporary: Boolean(copy.lines.temporary) });
  const isRunning = copy.phase === "running";
  const isNext = isRunning && !isOther && machine.is("streaming", "stopping") && questionCount() > asked;
  if (isNext) view.anchor = "question"; // of a message that has waited
  if (copy.phase && !(isRunning && machine.is("stopping") && !isNext)) machine.to(isRunning ? "streaming" : "idle");
  apply();
  if (isNewQueue) queueChanged();
  if (copy.settings || isClosingSidebar) hub.trigger("opened", {});
  if (copy.lines || isOther) linesChanged();
  if (isRunning && isStopWanted) stop();
};

export const send = async (text) => {
  if (machine.isAnswering) { await queueMessage(text); return; }
  if (machine.is("loading", "leaving")) await machine.until("idle");
  if (!machine.is("idle") || !(text.trim() || uploads.any)) return;
  const { conversation } = view;
  const files = uploads.any ? await uploads.take() : [];
  if (!files) return;
  if (!machine.is("idle") || view.conversation !== conversation) { uploads.giveBack(files); return; }
  if (!view.question) view.messages = [...view.messages, ...view.answer];
  box = ""; // first: while one types, the page offers more than while one waits
  ask("send", { text, files, temporary: view.isTemporary && !view.conversation }, text);
  view.question = { role: "user", blocks: [asTyped(text)] };
  view.answer = WAITING;
  setTimeout(apply); // the request leaves before the page draws
};

// A message that is sent while an answer runs waits for its end; `stops` ends it at once.
let isQueueing = false; // the server is about to say which messages wait
let queuedAt = 0; // when the server read the messages that wait, as this view shows them
export const queueMessage = async (text, stops = false) => {
  if (isQueueing || !(text.trim() || uploads.any)) return;
  const visit = visits;
  isQueueing = true;
  emptyBox();
  await machine.until("streaming", "stopping", "idle"); // a new chat's first message makes the conversation
  const place = visits === visit ? view.conversation : null;
  const files = uploads.any ? await uploads.take() : [];
  const isLeft = view.conversation !== place;
  if (machine.is("idle") || !files || isLeft) {
    isQueueing = false;
    if (files) uploads.giveBack(files);
    if (files && !isLeft) await send(text);
    else { box = beforeTyped(text); apply(); }
    return;
  }
  sentText = text;
  view.queued = [...view.queued, { text }];
  queueChanged();
  hub.trigger("queue", about({ text, files, stops }));
};

const emptyBox = () => { box = ""; apply(); };

// Sends a message that waits before the others, and ends the running answer for it.
export const sendNow = (id) => { isQueueing = true; hub.trigger("send_now", about({ id })); };

// Takes a message that waits back; `edits` puts it into the box.
export const withdraw = (id, edits = false) => {
  isQueueing = true;
  hub.trigger("withdraw", about({ id, edits }));
  if (edits) field().focus();
};

// An event of the queue raised in Python: what was to wait is in the box again.
export const queueFailed = () => {
  isQueueing = false;
  if (view.queued.some(({ id }) => !id)) box = beforeTyped(sentText);
  view.queued = view.queued.filter(({ id }) => id);
  queueChanged();
  apply();
};

// How many messages wait, as the list of conversations says: another tab may have changed that.
export const keepQueue = (count) => { if (!isQueueing && machine.is("streaming") && count !== view.queued.length) follow(); };

// Until the server's rendering comes.
const asTyped = (text) => Object.assign(make("div", "as-written", text), { dir: "auto" }).outerHTML;

const ask = (event, detail, text = "") => {
  nextView();
  sentText = text;
  view.anchor = "question";
  machine.to("sending");
  const asked = about(detail);
  const deletion = finishDeletion();
  if (deletion) deletion.finally(() => hub.trigger(event, asked));
  else hub.trigger(event, asked);
};

// Another answer to the question, or another version of it.
export const retry = (id) => { if (!machine.is("sending", "leaving")) { ask("retry", { id }); apply(); } };
export const edit = (id, text) => { if (!machine.is("sending", "leaving")) { ask("edit", { id, text }, text); apply(); } };

// More of the last answer, the one to the question, which was cut off.
export const resume = (id) => { if (machine.is("idle")) { ask("resume", { id }); view.anchor = "end"; apply(); } };

export const stop = () => {
  isStopWanted = machine.is("sending");
  if (!machine.is("streaming")) return;
  machine.to("stopping");
  hub.trigger("stop", about({}));
};

// Makes a summary of what has fallen out of the window; `only_waits`: one is being made already.
export const summarize = (only_waits = false) => hub.trigger("summarize", about({ only_waits }));

// Changes a line that the server will send so.
export const changeLines = (changes) => { Object.assign(view.lines, changes); linesChanged(); };

// From now on as many messages go to the model as it can read.
export const sendEverything = () => hub.trigger("widen", {});

export const undo = () => { nextView(); leaveFor("undo", {}); };
export const showVersion = (id) => { nextView(); leaveFor("version", { id }); };
export const showEarlier = (id) => { nextView(); leaveFor("earlier", { id }); };
const leaveFor = (event, detail) => { machine.to("leaving"); hub.trigger(event, about(detail)); };

export const open = (id, message_id) => {
  keep(id);
  nextView();
  isClosingSidebar = true;
  if (id !== view.conversation) view.anchor = "end";
  showAddress(id, true);
  leaveFor("open", { id, message_id });
};

// The conversation again as the server has it, with its running answer: another tab or a program has changed it.
export const follow = () => { countView(); hub.trigger("follow", about({})); };

const startChat = (isTemporary) => {
  nextView();
  showAddress("", true);
  if (machine.isAnswering) machine.to("leaving");
  Object.assign(view, { conversation: "", messages: [], question: null, answer: [], queued: [], lines: {}, isTemporary, anchor: "end" });
  isClosingSidebar = true;
  machine.to("idle");
  apply();
  hub.trigger("opened", {});
  linesChanged();
  queueChanged();
  find("#message textarea")?.focus();
};

export const newChat = () => startChat(false);
export const newTemporaryChat = () => startChat(true);

// The temporary chat on display is a stored conversation from now on.
export const storedNow = () => { view.isTemporary = view.lines.temporary = false; linesChanged(); };

// An event raised in Python: what it was to bring will not come.
export const failed = () => {
  if (machine.is("sending")) box = sentText;
  if (view.answer === WAITING) view.answer = [];
  if (!machine.is("loading")) machine.to("idle");
  apply();
};

// What the tab keeps over a reload, which Gradio does when the server is back: the open conversation, and the text in the
// box that the server has not got yet. shell.js puts it into the box again.
const field = () => find("#message textarea");
export const wasAsked = (text) => {
  const asked = view.lines.rows?.findLast(({ role }) => role === "user")?.text;
  return [asked, ...view.queued.map((queued) => queued.text)].includes(text);
};

export const mountAnswers = ({ props, watch }) => watch("value", () => receive(props.value));

export const mountView = ({ props, trigger, watch }) => {
  hub = { trigger };
  watch("value", () => receive(props.value));
  machine.until("idle").then(() => {
    mountMessages();
    onLines(() => { tabStorage.set("open", view.conversation); tabStorage.set("draft", field().value); });
    tabStorage.set("open", view.conversation);
    showAddress(view.conversation);
    onLines(() => showAddress(view.conversation));
    addEventListener("popstate", () => { const id = conversationInAddress(); if (id) open(id); else newChat(); });
    document.addEventListener("input", ({ target }) => { if (target === field()) tabStorage.set("draft", target.value); });
  });
  receive(props.value);
};
