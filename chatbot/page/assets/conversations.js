// The list of the visitor's conversations, and what keeps the page in step with the server: props.value is
// {conversations: [{id, title, updated_at, touched_at, running}], more, beat}, sent anew whenever one of them changes, in any tab.
// Tells Python: "open", "rename", "remove", "follow", "join".

const LOST_SECONDS = 50; // the server sends a beat every 20
const UNHEARD_SECONDS = 8; // and its first list at once: where that does not come, its way here was cut

let changing = null; // {id, how: "rename" | "remove"}: the conversation that is being changed
let beat = performance.now();
let unheard = 0; // how often it was asked for the list since it last told one
const known = new Set(); // the ids that were ever listed
let leaving;
let pressing = false;
const busy = () => document.querySelector("#message .stop-button");
const listed = () => props.value?.conversations ?? [];

const change = (id, how) => { pressing = false; changing = how && { id, how }; draw(); };

// Afterwards whoever uses the keyboard is where they were.
const focusOn = (id, name) => [...element.querySelectorAll("li")].find((line) => line.dataset.id === id)?.querySelector(`.${name}`)?.focus();

const day = (time) => {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const age = midnight - new Date(time);
  return t(age <= 0 ? "list.today" : age <= 86400000 ? "list.yesterday" : "list.earlier");
};

const renaming = ({ id, title }) => {
  const field = make("input", "rename-field");
  let over = false;
  const end = (keep, byKey = false) => {
    if (over) return;
    over = true;
    const name = field.value.trim();
    if (keep && name && name !== title) {
      (listed().find((one) => one.id === id) ?? {}).title = name; // until the server says so
      trigger("rename", { id, title: name });
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

const removing = ({ id }) => {
  const keep = press("keep", t("list.keep"), () => { change(id, null); focusOn(id, "remove"); });
  const remove = press("remove", t("list.really"), () => { change(id, null); trigger("remove", { id }); });
  requestAnimationFrame(() => keep.focus());
  return [make("span", "question", t("list.question")), remove, keep];
};

const resting = ({ id, title, running }) => {
  const name = title || t("chat.new");
  const open = press("title", name, () => opening(id, () => trigger("open", { id })), make("span", "text", name));
  open.setAttribute("aria-current", String(id === page.open));
  if (running) open.append(make("span", "running", t("list.answering")));
  const rename = press("rename", t("list.rename", { title }), () => change(id, "rename"), "✎");
  const remove = press("remove", t("list.delete", { title }), () => change(id, "remove"), "✕");
  return [open, rename, remove];
};

const item = (conversation) => {
  const made = make("li", conversation.id === page.open ? "conversation open" : "conversation");
  made.dataset.id = conversation.id;
  const how = changing?.id === conversation.id ? changing.how : null;
  made.append(...(how === "rename" ? renaming : how === "remove" ? removing : resting)(conversation));
  return made;
};

const draw = () => {
  if (pressing) return; // or a click would have no button any more when it ends
  const focused = element.contains(document.activeElement) && !element.querySelector("input");
  const place = focused ? [...element.querySelectorAll("button")].indexOf(document.activeElement) : -1;
  const drawn = [];
  let group = null;
  for (const conversation of listed()) {
    const label = day(conversation.updated_at);
    if (label !== group?.dataset.day) {
      drawn.push(make("h3", "day", label));
      group = make("ul", "group");
      group.dataset.day = label;
      drawn.push(group);
    }
    group.append(item(conversation));
  }
  if (!drawn.length) drawn.push(make("p", "empty", props.value?.conversations ? t("list.empty") : ""));
  element.replaceChildren(...drawn);
  if (place >= 0) element.querySelectorAll("button")[place]?.focus();
};

// What another tab or a program does in the open conversation shows here as well.
const keepUp = () => {
  if (busy() || performance.now() < page.elsewhere) return;
  const open = listed().find((one) => one.id === page.open);
  if (open && ((open.running && page.running) || open.touched_at > page.touched)) trigger("follow", {});
};

// The open one was deleted, maybe in another tab: Python opens nothing in its place, once the last updates of an answer
// that ran in it have come; they would fill the page again.
const isGone = () => known.has(page.open) && !props.value?.more && !listed().some(({ id }) => id === page.open);
const leave = () => {
  if (!isGone()) return false;
  clearTimeout(leaving);
  leaving = setTimeout(() => { if (isGone()) busy() ? leave() : trigger("open", { id: page.open }); }, 500);
  return true;
};

// An answer that was left can still reach the page, which then shows what is not open. Python opens that again.
page.isStray = () => !page.asked && !page.running && !(performance.now() < page.elsewhere)
  && (busy() || (!page.open && document.querySelector("#chat .message-row")));
let strays = 0;
const putRight = () => {
  strays = page.entered && page.isStray() ? strays + 1 : 0;
  if (strays % 8 === 2) trigger("open", { id: page.open }); // again after 2 s, should it have been for nothing
};

const join = () => { beat = performance.now(); unheard += 1; trigger("join", {}); };

const patience = () => Math.min(LOST_SECONDS, unheard ? UNHEARD_SECONDS * 2 ** (unheard - 1) : LOST_SECONDS);

watch("value", () => {
  beat = performance.now();
  unheard = 0;
  if (changing?.how !== "rename") draw();
  listed().forEach(({ id }) => known.add(id));
  leave() || keepUp();
});
document.addEventListener("chatbot:shown", () => {
  draw();
  setTimeout(() => leave() || keepUp(), 60); // once the box is drawn too
});
document.addEventListener("chatbot:entered", join);
element.addEventListener("pointerdown", () => { pressing = true; });
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, () => setTimeout(() => { if (pressing) { pressing = false; draw(); } }));
}
addEventListener("online", join);
setInterval(() => { if (page.entered && performance.now() - beat > patience() * 1000) join(); }, 2000);
setInterval(putRight, 250);
if (page.entered) join();
draw();
