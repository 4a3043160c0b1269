// Below each message of the chat: its versions, what can be done with it, and how an answer came about. Gradio draws the
// messages; this adds a line to each of their rows, from view.lines: {rows: [{id, role, text, versions, ...}], earlier,
// total, place, touched_at}.

import { thumbnail } from "./attachments.js";
import { button, find, make, onKeys } from "./dom.js";
import { t } from "./i18n.js";
import { savedNote } from "./notes.js";
import { pinMark, pinTool } from "./pins.js";
import { noteOf, rememberTool } from "./remember.js";
import { machine } from "./state.js";
import { sentMemory } from "./sent_memory.js";
import { copy, tool } from "./tools.js";
import { remedyFor } from "./remedies.js";
import { summaryParts } from "./summary.js";
import { edit, onLines, resume, retry, sendEverything, showEarlier, showVersion, undo, view } from "./view.js";
import { inWords } from "./answer_words.js";

const chatRows = () => [...document.querySelectorAll("#chat .message-row")];

const versionTools = ({ number, count, previous, next }) => {
  const made = make("span", "versions");
  const back = tool("previous", t("turn.previous"), () => showVersion(previous));
  const forth = tool("next", t("turn.next"), () => showVersion(next));
  back.disabled = !previous;
  forth.disabled = !next;
  made.append(back, make("span", "number", `${number} / ${count}`), forth);
  return made;
};

// The message turns into a field, with the keys of the message box.
const editMessage = (row, turn) => {
  const form = make("div", "editor");
  const field = make("textarea");
  const actions = make("div", "actions");
  const close = () => { form.remove(); row.classList.remove("editing"); row.edited = null; drawTurns(); };
  const send = () => {
    if (!field.value.trim() && !turn.files) { field.focus(); return; }
    edit(turn.id, field.value || turn.text);
    close();
  };
  field.value = turn.text;
  field.setAttribute("aria-label", t("turn.field"));
  onKeys(field, { Enter: send, Escape: close });
  actions.append(button("keep", t("turn.cancel"), close), button("send", t("box.send"), send));
  form.append(field, actions);
  row.classList.add("editing");
  row.edited = turn.id;
  row.querySelector(".flex-wrap").append(form);
  field.style.height = `${Math.min(field.scrollHeight + 4, innerHeight / 2)}px`;
  field.focus();
};

// Another answer to an earlier question hides what followed, so that is asked first.
const retryHere = (line, turn) => {
  const { rows } = view.lines;
  const following = rows.length - 1 - rows.findIndex(({ id }) => id === turn.id);
  if (!following) { retry(turn.question); return; }
  const asked = make("p", "note question", t("turn.retry.question", { count: following }));
  const cancel = button("keep", t("turn.cancel"), () => { asked.remove(); line.querySelector(".retry").focus(); });
  asked.append(button("again", t("turn.retry"), () => retry(turn.question)), cancel);
  line.querySelector(".question")?.remove();
  line.prepend(asked);
  cancel.focus();
};

// What a visitor can do about a failure: the one thing that helps, and sending it again.
const remedies = ({ question, ending, resumes }) => {
  const again = button(resumes ? "keep" : "again", t("turn.again"), () => retry(question));
  const remedy = remedyFor(ending.fault);
  if (!remedy) return [again];
  again.className = "keep";
  return [button("again", t(remedy.label), () => remedy.act(() => retry(question))), again];
};

// What an answer cost, who wrote it if that is somebody else than the answer before, and the rest behind a word.
const accountOf = ({ details, isOther }) => {
  const made = make("details", "about");
  made.append(make("summary", "", t("account.details")), make("span", "details", inWords.details(details)));
  const words = [["price", inWords.price(details)], ["writer", isOther ? inWords.writer(details) : ""]];
  return [...words.filter(([, text]) => text).map(([name, text]) => make("span", name, text)), made];
};

const withChanges = (rows) => {
  const writers = rows.map(({ details }) => details && `${details.provider} ${details.model}`);
  return rows.map((turn, place) => {
    const before = writers.slice(0, place).findLast(Boolean);
    return { ...turn, isOther: Boolean(before && writers[place] && before !== writers[place]) };
  });
};

const lineBelow = (row, turn) => {
  const made = make("div", "turn");
  const tools = make("span", "tools");
  if (turn.text) tools.append(tool("copy", t("turn.copy"), (pressed) => copy(pressed, turn.text)));
  if (turn.role === "user") tools.append(tool("edit", t("turn.edit"), () => editMessage(row, turn)));
  if (turn.text) tools.append(pinTool(row, turn));
  if (turn.text && !turn.isTemporary) {
    const place = { conversation_id: view.conversation, message_id: turn.id };
    tools.append(rememberTool(row, turn.text, place, drawTurns));
  }
  if (turn.question) tools.append(tool("retry", t("turn.retry"), () => retryHere(made, turn)));
  if (turn.undo) tools.append(tool("undo", t("turn.undo"), undo));
  if (turn.versions) tools.append(versionTools(turn.versions));
  const ending = inWords.ending(turn.ending);
  if (ending) {
    const note = make("p", turn.failed ? "note failed" : "note", ending);
    if (turn.resumes) note.append(button("again", t("turn.resume"), () => resume(turn.question)));
    if (turn.failed && turn.question && turn.undo) note.append(...remedies(turn));
    made.append(note);
  }
  if (turn.pinned) made.append(pinMark());
  made.append(tools);
  if (turn.details) made.append(...accountOf(turn));
  if (turn.note) made.append(savedNote(turn.note));
  if (turn.memory) made.append(sentMemory(turn.memory));
  return made;
};

const attachmentList = (turn) => {
  const made = make("div", "files");
  made.append(...turn.files.map((file) => thumbnail(file, view.conversation)));
  return made;
};

// If a button of the line has the focus, a way to give it to the one that takes its place.
const focusedIn = (row) => {
  const buttons = () => [...row.querySelectorAll(".turn button")];
  const focused = buttons().find((each) => each === document.activeElement);
  return focused && (() => buttons().find(({ className }) => className === focused.className)?.focus());
};

const decorate = (row, turn) => {
  const fits = turn && row.classList.contains(turn.role === "user" ? "user-row" : "bot-row");
  if (fits && row.drawn === turn && row.querySelector(".turn")) return;
  const key = fits ? JSON.stringify(turn) : "";
  if ((row.turnKey ?? "") === key && (!key || row.querySelector(".turn"))) return;
  if (row.edited && row.edited === turn?.id) return; // what is being typed comes first
  Object.assign(row, { drawn: turn, turnKey: key });
  const focused = focusedIn(row);
  row.edited = null;
  row.querySelectorAll(".turn, .editor, .files").forEach((old) => old.remove());
  row.classList.remove("editing");
  row.classList.toggle("wordless", Boolean(fits && turn.files && !turn.text));
  if (fits) row.querySelector(".flex-wrap").append(lineBelow(row, turn));
  if (fits && turn.files) row.querySelector(".flex-wrap").prepend(attachmentList(turn));
  focused?.();
};

const offerEarlier = (count) => {
  const [first] = chatRows();
  const offered = find("#chat .earlier");
  if (!count || !first || machine.isAnswering) { offered?.remove(); return; }
  const made = offered ?? button("earlier", t("turn.earlier"), () => showEarlier(view.lines.rows[0].id));
  made.textContent = t("turn.earlier.count", { number: count });
  if (made.nextElementSibling !== first) first.before(made);
};

// At the first message that the model saw for its newest answer: how much that was, and a way to send more.
const windowLine = ({ sent, total, trimmed, pinned, pinned_left_out }) => {
  const made = make("div", "window-line");
  const said = [
    t(trimmed ? "window.trimmed" : "window.seen", { sent, total }),
    pinned && t("window.pinned", { count: pinned }),
    pinned_left_out && t("window.pinned.left", { count: pinned_left_out }),
  ];
  made.append(make("span", "", said.filter(Boolean).join(" ")));
  const widen = button("widen", t("window.widen"), () => {
    sendEverything();
    made.replaceChildren(make("span", "", t("window.widened")));
  });
  if (!trimmed) made.append(widen);
  return made;
};

// Above rows, and below the last: the summary, the offer to make one, and where the window begins.
const drawAbove = () => {
  const { rows = [], window = null } = view.lines;
  const edited = find("#chat .above textarea")?.closest(".above");
  if (edited?.conversation === view.conversation) return; // what is being typed comes first
  edited?.remove();
  const parts = [...summaryParts(), ...(window ? [[window.id, window, () => windowLine(window)]] : [])];
  chatRows().forEach((row, index) => {
    drawParts(row, "above", parts.filter(([id]) => id === rows[index]?.id));
    drawParts(row, "above below", index === rows.length - 1 ? parts.filter(([id]) => id === "") : []);
  });
};

const drawParts = (row, name, parts) => {
  const isBelow = name.endsWith("below");
  const key = parts.length ? JSON.stringify([view.conversation, ...parts.map(([, of]) => of)]) : "";
  const drawn = [...row.querySelectorAll(":scope > .above")].find((each) => each.className === name);
  if ((drawn?.partsKey ?? "") === key) return;
  drawn?.remove();
  if (!parts.length) return;
  const made = Object.assign(make("div", name), { partsKey: key, conversation: view.conversation });
  made.append(...parts.map(([, , draw]) => draw()));
  row[isBelow ? "append" : "prepend"](made);
};

// Scrolls to a message once its row is drawn.
let soughtId = null;
const scrollToSought = () => {
  const place = (view.lines.rows ?? []).findIndex(({ id }) => id === soughtId);
  const row = soughtId && chatRows()[place];
  if (!row?.querySelector(".turn")) return;
  soughtId = null;
  row.classList.add("found");
  row.scrollIntoView({ block: "center" });
  setTimeout(() => row.classList.remove("found"), 4000);
};

const drawTurns = () => {
  const { rows = [], earlier = 0 } = view.lines;
  const turns = withChanges(rows).map((turn) => ({ note: noteOf(turn.id), isTemporary: view.isTemporary, ...turn }));
  chatRows().forEach((row, index) => decorate(row, turns[index]));
  offerEarlier(earlier);
  drawAbove();
  scrollToSought();
};

export const mountTurns = ({ element }) => {
  let isScheduled = false;
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(() => { isScheduled = false; drawTurns(); });
  };
  onLines(() => {
    element.textContent = inWords.total(view.lines.total);
    if (view.lines.place) { soughtId = view.lines.place; view.anchor = null; view.lines.place = null; }
    schedule();
  });
  machine.onChange(schedule);
  machine.until("idle").then(() => {
    new MutationObserver(schedule).observe(find("#chat"), { childList: true, subtree: true });
    schedule();
  });
};
