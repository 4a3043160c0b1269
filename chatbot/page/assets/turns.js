// Below each message of the chat: its versions, what can be done with it, and how an answer came about.
// Gradio draws the messages; this adds a line to each of their rows, from the JSON in props.value:
// {conversation_id, touched_at, rows: [{id, role, text, versions, ...}], earlier, total, place}.
// Tells Python: "send", "retry", "edit", "undo", "version", "earlier"; and the page itself: "show".

const rows = () => [...document.querySelectorAll("#chat .message-row")];

const ICONS = {
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  done: "M4 12l5 5L20 6",
  retry: "M20 11a8 8 0 1 0-2 6 M20 5v6h-6",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  undo: "M9 14L4 9l5-5 M4 9h10a6 6 0 0 1 0 12h-3",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
};

const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", ICONS[name]);
  return svg;
};

const ask = (event, detail) => { page.following = true; trigger(event, detail); };

const tool = (name, label, act) => press(`tool ${name}`, label, act, icon(name));

// Browsers have a clipboard for https and localhost only; elsewhere they still copy what is selected.
const copySelected = (text) => {
  const field = Object.assign(make("textarea"), { value: text });
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
};

const copy = async (made, text) => {
  await (navigator.clipboard ? navigator.clipboard.writeText(text) : copySelected(text));
  made.replaceChildren(icon("done"));
  setTimeout(() => made.replaceChildren(icon("copy")), 1500);
};

const versions = ({ number, count, previous, next }) => {
  const made = make("span", "versions");
  const back = tool("previous", t("turn.previous"), () => trigger("version", { id: previous }));
  const on = tool("next", t("turn.next"), () => trigger("version", { id: next }));
  back.disabled = !previous;
  on.disabled = !next;
  made.append(back, make("span", "number", `${number} / ${count}`), on);
  return made;
};

// The message turns into a field, with the same keys as the message box.
const edit = (row, turn) => {
  const form = make("div", "editor");
  const field = make("textarea");
  const actions = make("div", "actions");
  const close = () => { form.remove(); row.classList.remove("editing"); row.edited = null; draw(); };
  const send = () => {
    if (!field.value.trim() && !turn.files) return field.focus();
    ask("edit", { id: turn.id, text: field.value });
    close();
  };
  field.value = turn.text;
  field.setAttribute("aria-label", t("turn.field"));
  onKeys(field, { Enter: send, Escape: close });
  actions.append(press("keep", t("turn.cancel"), close), press("send", t("box.send"), send));
  form.append(field, actions);
  row.classList.add("editing");
  row.edited = turn.id;
  row.querySelector(".flex-wrap").append(form);
  field.style.height = `${Math.min(field.scrollHeight + 4, innerHeight / 2)}px`;
  field.focus();
};

const line = (row, turn) => {
  const made = make("div", "turn");
  const tools = make("span", "tools");
  if (turn.text) tools.append(tool("copy", t("turn.copy"), (pressed) => copy(pressed, turn.text)));
  if (turn.role === "user") tools.append(tool("edit", t("turn.edit"), () => edit(row, turn)));
  if (turn.question) tools.append(tool("retry", t("turn.retry"), () => ask("retry", { id: turn.question })));
  if (turn.undo) tools.append(tool("undo", t("turn.undo"), () => trigger("undo", {})));
  if (turn.versions) tools.append(versions(turn.versions));
  const ended = inWords.ending(turn.ending);
  if (ended) {
    const note = make("p", turn.failed ? "note failed" : "note", ended);
    if (turn.failed && turn.question) {
      note.append(press("again", t("turn.again"), () => ask("retry", { id: turn.question })));
    }
    made.append(note);
  }
  made.append(tools);
  if (turn.details) made.append(make("span", "details", inWords.details(turn.details)));
  return made;
};

const enclosed = (turn) => {
  const made = make("div", "files");
  made.append(...turn.files.map((file) => thumbnail(file, page.told.conversation_id)));
  return made;
};

const decorate = (row, turn) => {
  const fits = turn && row.classList.contains(turn.role === "user" ? "user-row" : "bot-row");
  const key = fits ? JSON.stringify(turn) : "";
  if ((row.turnKey ?? "") === key && (!key || row.querySelector(".turn"))) return;
  if (row.edited && row.edited === turn?.id) return; // what is being typed comes first
  row.turnKey = key;
  row.edited = null;
  row.querySelectorAll(".turn, .editor, .files").forEach((old) => old.remove());
  row.classList.remove("editing");
  row.classList.toggle("wordless", Boolean(fits && turn.files && !turn.text));
  if (fits) row.querySelector(".flex-wrap").append(line(row, turn));
  if (fits && turn.files) row.querySelector(".flex-wrap").prepend(enclosed(turn));
};

const offerEarlier = (count) => {
  const [first] = rows();
  const offered = document.querySelector("#chat .earlier");
  const busy = document.querySelector("#message .stop-button"); // the answer's next update would take them away
  if (!count || !first || busy) return offered?.remove();
  const made = offered ?? press("earlier", t("turn.earlier"), () => trigger("earlier", { id: page.told.rows[0].id }));
  made.textContent = t("turn.earlier.count", { number: count });
  if (made.nextElementSibling !== first) first.before(made);
};

// Again and again for a moment: Gradio scrolls to the end, sooner or later. Whoever scrolls meanwhile has their way.
const goTo = (turns, id) => {
  const row = () => rows()[turns.findIndex((turn) => turn.id === id)];
  page.following = false;
  const steps = [100, 400, 700, 1000, 1500, 2000].map((wait) => setTimeout(() => {
    row()?.scrollIntoView({ block: "center" });
    row()?.classList.add("found");
  }, wait));
  const leave = () => steps.forEach(clearTimeout);
  for (const move of ["wheel", "touchstart", "mousedown", "keydown"]) addEventListener(move, leave, { once: true });
  setTimeout(() => row()?.classList.remove("found"), 4000);
};

const draw = () => {
  const { rows: turns = [], earlier = 0 } = page.told ?? {};
  rows().forEach((row, index) => decorate(row, turns[index]));
  offerEarlier(earlier);
};

const shown = () => {
  const { conversation_id = "", touched_at = "", rows: turns = [], running = false, total = "", place } = (page.told = JSON.parse(props.value || "{}"));
  if (conversation_id !== page.open) Object.assign(page, { elsewhere: 0, following: true });
  Object.assign(page, { open: conversation_id, touched: touched_at, running, asked: false });
  element.textContent = inWords.total(total);
  draw();
  if (place) goTo(turns, place);
  document.dispatchEvent(new Event("chatbot:shown"));
};

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}).observe(document.body, { childList: true, subtree: true });
// For send.js: what is asked leaves before the page draws it.
page.send = (files) => {
  page.sending = true;
  trigger("send", { files });
  setTimeout(() => trigger("show", {}));
};
watch("value", shown);
shown();
