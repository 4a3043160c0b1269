// The list of conversations, and what keeps the page in step with the server, which sends the list anew whenever a
// conversation changes, in any tab or by a program.

import { button, make, onKeys } from "./dom.js";
import { t } from "./i18n.js";
import { machine } from "./state.js";
import { follow, newChat, onLines, open, view } from "./view.js";

const SILENCE_SECONDS = 45; // the server sends the list at least every 20

let lastSent = 0;

let listed = null; // [{id, title, updated_at, touched_at, running}]
let hasMore = false;
let changing = null; // {id, how: "rename" | "delete"}: the conversation that is being changed
let isPressing = false;
let sidebar; // {element, trigger}
const known = new Set(); // the ids that were ever listed

const change = (id, how) => { isPressing = false; changing = how && { id, how }; drawList(); };

// Afterwards whoever uses the keyboard is where they were.
const focusOn = (id, name) =>
  [...sidebar.element.querySelectorAll("li")].find((item) => item.dataset.id === id)?.querySelector(`.${name}`)?.focus();

const dayOf = (time) => {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const age = midnight - new Date(time);
  return t(age <= 0 ? "list.today" : age <= 86400000 ? "list.yesterday" : "list.earlier");
};

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
    change(id, null);
    if (byKey) focusOn(id, "rename");
  };
  field.value = title;
  field.maxLength = 200;
  field.setAttribute("aria-label", t("list.title"));
  onKeys(field, { Enter: () => end(true, true), Escape: () => end(false, true) });
  field.addEventListener("blur", () => end(true));
  requestAnimationFrame(() => { field.focus(); field.select(); });
  return [field];
};

const deleteQuestion = ({ id }) => {
  const keep = button("keep", t("list.keep"), () => { change(id, null); focusOn(id, "remove"); });
  const remove = button("remove", t("list.really"), () => { change(id, null); sidebar.trigger("delete", { id }); });
  requestAnimationFrame(() => keep.focus());
  return [make("span", "question", t("list.question")), remove, keep];
};

const conversationButtons = ({ id, title, running }) => {
  const name = title || t("chat.new");
  const opener = button("title", name, () => open(id), make("span", "text", name));
  opener.setAttribute("aria-current", String(id === view.conversation));
  if (running) opener.append(make("span", "running", t("list.answering")));
  const rename = button("rename", t("list.rename", { title }), () => change(id, "rename"), "✎");
  const remove = button("remove", t("list.delete", { title }), () => change(id, "delete"), "✕");
  return [opener, rename, remove];
};

const listItem = (conversation) => {
  const made = make("li", conversation.id === view.conversation ? "conversation open" : "conversation");
  made.dataset.id = conversation.id;
  const how = changing?.id === conversation.id ? changing.how : null;
  const parts = { rename: renameField, delete: deleteQuestion }[how] ?? conversationButtons;
  made.append(...parts(conversation));
  return made;
};

const drawList = () => {
  if (isPressing || changing?.how === "rename" && sidebar.element.querySelector("input")) return;
  const { element } = sidebar;
  const place = [...element.querySelectorAll("button")].indexOf(document.activeElement);
  const drawn = [];
  let group = null;
  for (const conversation of listed ?? []) {
    const day = dayOf(conversation.updated_at);
    if (day !== group?.dataset.day) {
      drawn.push(make("h3", "day", day));
      group = make("ul", "group");
      group.dataset.day = day;
      drawn.push(group);
    }
    group.append(listItem(conversation));
  }
  if (!drawn.length) drawn.push(make("p", "empty", listed ? t("list.empty") : ""));
  element.replaceChildren(...drawn);
  if (place >= 0) element.querySelectorAll("button")[place]?.focus();
};

// What another tab or a program does in the open conversation shows here too.
const keepUp = () => {
  if (!machine.is("idle") || !listed || !view.conversation) return;
  const shown = listed.find(({ id }) => id === view.conversation);
  if (!shown && known.has(view.conversation) && !hasMore) newChat(); // it was deleted
  else if (shown && (shown.running || shown.touched_at > (view.lines.touched_at ?? ""))) follow();
};

const showList = ({ conversations, more }) => {
  listed = conversations;
  hasMore = more;
  listed.forEach(({ id }) => known.add(id));
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
  onLines(() => { drawList(); keepUp(); });
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
