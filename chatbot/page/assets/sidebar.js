// The list of conversations, and what keeps the page in step with the server, which sends the list anew whenever a
// conversation changes, in any tab or by a program.

import { addressOf, showTitle } from "./address.js";
import { deleteLater, isDeleted } from "./deletion.js";
import { answerEnded } from "./done.js";
import { button, make, onKeys } from "./dom.js";
import { LANGUAGE, t } from "./i18n.js";
import { download } from "./import_export.js";
import { isMenuOpen, openMenu } from "./menu.js";
import { callJson } from "./session.js";
import { machine } from "./state.js";
import { follow, keepQueue, newChat, onLines, open, view } from "./view.js";

const SILENCE_SECONDS = 45; // the server sends the list at least every 20

let lastSent = 0;
let listed = null; // [{id, title, updated_at, touched_at, pinned, running, memory, excluded}]; the pinned ones first
let hasMore = false;
let renaming = ""; // the id of the conversation whose title is being changed
let isPressing = false;
let sidebar; // {element, trigger}
const known = new Set(); // the ids that were ever listed

const itemOf = (id) => [...sidebar.element.querySelectorAll("li")].find(({ dataset }) => dataset.id === id);
const openers = () => [...sidebar.element.querySelectorAll(".title")];

const DAY_MS = 86400000;
const monthOf = new Intl.DateTimeFormat(LANGUAGE, { month: "long", year: "numeric" });
const dayOf = (time) => {
  const days = Math.ceil((new Date().setHours(0, 0, 0, 0) - new Date(time)) / DAY_MS);
  if (days <= 0) return t("list.today");
  if (days === 1) return t("list.yesterday");
  return days <= 7 ? t("list.week") : days <= 30 ? t("list.month") : monthOf.format(new Date(time));
};

const rename = (id) => { renaming = id; isPressing = false; drawList(); };

const renameField = ({ id, title }) => {
  const field = make("input", "rename-field");
  let isOver = false;
  const end = (keep, byKey = false) => {
    if (isOver) return;
    isOver = true;
    const name = field.value.trim();
    if (keep && name && name !== title) {
      (listed.find((one) => one.id === id) ?? {}).title = name; // until the server says so
      sidebar.trigger("rename", { id, title: name });
    }
    rename("");
    if (byKey) itemOf(id)?.querySelector(".title").focus();
  };
  field.value = title;
  field.maxLength = 200;
  field.setAttribute("aria-label", t("list.title"));
  onKeys(field, { Enter: () => end(true, true), Escape: () => end(false, true) });
  field.addEventListener("blur", () => end(true));
  requestAnimationFrame(() => { field.focus(); field.select(); });
  return [field];
};

const remove = (id, title) => {
  const wasOpen = id === view.conversation;
  const words = t("list.deleted", { title: title || t("chat.new") });
  deleteLater(`conversations/${id}`, id, words, {
    undone: (opens = true) => {
      drawList();
      if (wasOpen && opens) open(id);
      if (document.activeElement === document.body) itemOf(id)?.querySelector(".title")?.focus(); // where “Undo” was
    },
  });
  if (wasOpen) newChat();
  drawList();
};

// A change of a conversation that shows at once; if the server refuses it, the list is read again.
const change = (conversation, changes) => {
  Object.assign(conversation, changes);
  callJson(`conversations/${conversation.id}`, "PATCH", changes).then(({ failure }) => { if (failure) watchChanges(); });
};

const pin = (conversation, pinned) => {
  change(conversation, { pinned });
  listed.sort((one, other) => (other.pinned - one.pinned) || (other.updated_at > one.updated_at ? 1 : -1));
  drawList();
};

const actionsOf = (conversation) => {
  const { id, title, memory, excluded, pinned } = conversation;
  return [
    ["rename", t("list.rename"), () => rename(id)],
    ["pin", t(pinned ? "list.unpin" : "list.pin"), () => pin(conversation, !pinned)],
    ["memory", t("list.memory"), () => change(conversation, { memory: !memory }), memory],
    ["recalled", t("list.recalled"), () => change(conversation, { excluded: !excluded }), !excluded],
    ["export-text", t("data.markdown"), () => download("md", id)],
    ["export-json", t("data.json"), () => download("json", id)],
    ["remove", t("list.delete"), () => remove(id, title)],
  ];
};

// One stop for the Tab key in the whole list: the arrow keys move from there.
const moveTo = (target) => {
  openers().forEach((one) => { one.tabIndex = one === target ? 0 : -1; });
  target?.focus();
};

const conversationButtons = (conversation) => {
  const { id, title, running } = conversation;
  const name = title || t("chat.new");
  const opener = Object.assign(make("a", "title"), { href: addressOf(id), title: name, tabIndex: -1 });
  opener.append(make("span", "text", name), ...(running ? [make("span", "running", t("list.answering"))] : []));
  opener.setAttribute("aria-current", String(id === view.conversation));
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser opens another tab or window
    event.preventDefault();
    open(id);
  });
  const more = button("more", t("list.more", { title: name }), () => openMenu(more, actionsOf(conversation), drawList), "⋯");
  Object.assign(more, { tabIndex: -1, ariaHasPopup: "menu" });
  onKeys(opener, {
    ArrowDown: () => moveTo(openers()[openers().indexOf(opener) + 1] ?? opener),
    ArrowUp: () => moveTo(openers()[openers().indexOf(opener) - 1] ?? opener),
    Home: () => moveTo(openers()[0]), End: () => moveTo(openers().at(-1)),
    ArrowRight: () => more.focus(), F2: () => rename(id), Delete: () => remove(id, title),
  });
  onKeys(more, { ArrowLeft: () => opener.focus() });
  return [opener, more];
};

const listItem = (conversation) => {
  const made = make("li", conversation.id === view.conversation ? "conversation open" : "conversation");
  made.dataset.id = conversation.id;
  made.append(...(renaming === conversation.id ? renameField : conversationButtons)(conversation));
  return made;
};

const drawList = () => {
  const { element } = sidebar;
  if (isPressing || isMenuOpen() || renaming && element.querySelector("input")) return;
  const focused = document.activeElement?.closest("#conversations li");
  const place = focused ? [...element.querySelectorAll("li")].indexOf(focused) : -1;
  const drawn = [];
  let group = null;
  for (const conversation of (listed ?? []).filter(({ id }) => !isDeleted(id))) {
    const day = conversation.pinned ? t("list.pinned") : dayOf(conversation.updated_at);
    if (day !== group?.dataset.day) {
      drawn.push(make("h2", "day", day));
      group = make("ul", "group");
      group.dataset.day = day;
      drawn.push(group);
    }
    group.append(listItem(conversation));
  }
  if (!drawn.length) drawn.push(make("p", "empty", listed ? t("list.empty") : ""));
  element.replaceChildren(...drawn);
  const stop = element.querySelector(".title[aria-current=true]") ?? openers()[0];
  if (stop) stop.tabIndex = 0;
  if (place >= 0) moveTo(itemOf(focused.dataset.id)?.querySelector(".title") ?? openers()[Math.min(place, openers().length - 1)]);
};

// What another tab or a program does in the open conversation shows here too.
const keepUp = () => {
  if (!listed || !view.conversation) return;
  const shown = listed.find(({ id }) => id === view.conversation);
  if (shown) keepQueue(shown.queued);
  if (!machine.is("idle")) return;
  if (!shown && known.has(view.conversation) && !hasMore) newChat(); // it was deleted
  else if (shown && (shown.running || shown.touched_at > (view.lines.touched_at ?? ""))) follow();
};

// The conversation on display says itself when its answer has ended.
const tellEnded = (before, now) => {
  const running = new Set(before.filter((each) => each.running).map(({ id }) => id));
  const ended = now.filter(({ id, running: runs }) => running.has(id) && !runs && id !== view.conversation);
  ended.forEach(({ id, title }) => answerEnded(id, title));
};

const showList = ({ conversations, more }) => {
  tellEnded(listed ?? [], conversations);
  listed = conversations;
  hasMore = more;
  listed.forEach(({ id }) => known.add(id));
  showTitle(listed.find(({ id }) => id === view.conversation)?.title);
  drawList();
  keepUp();
};

// One event of Gradio's queue brings the list for two minutes. Gradio does not tell when the network has cut it off: the
// list is sent every 20 seconds, so a longer silence means that nobody is watching.
const watchChanges = () => { lastSent = Date.now(); sidebar.trigger("watch", {}); };

export const mountSidebar = ({ element, props, trigger, watch }) => {
  sidebar = { element, trigger };
  element.addEventListener("pointerdown", () => { isPressing = true; });
  for (const end of ["pointerup", "pointercancel"]) { // a list drawn before would have no button when the click ends
    addEventListener(end, () => setTimeout(() => { if (isPressing) { isPressing = false; drawList(); } }));
  }
  onLines(() => {
    showTitle(listed?.find(({ id }) => id === view.conversation)?.title);
    drawList();
    keepUp();
  });
  machine.onChange((state) => { if (state === "idle") queueMicrotask(keepUp); });
  drawList();
  watch("value", () => {
    if (!props.value) return;
    lastSent = Date.now();
    showList(props.value);
    if (props.value.renew) watchChanges();
  });
  machine.until("idle").then(() => {
    watchChanges();
    addEventListener("online", watchChanges);
    setInterval(() => { if (Date.now() - lastSent > SILENCE_SECONDS * 1000) watchChanges(); }, 5000);
  });
};
