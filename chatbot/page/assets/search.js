// Finds conversations as one types. props.value is {query, found: [{id, message_id, title, excerpt, place}]}.
// Tells Python: "search", "open".

const field = Object.assign(document.createElement("input"), { type: "search", placeholder: t("search.hint"), maxLength: 200 });
const list = make("ul");
let pause;

const hit = ({ id, message_id, title, excerpt, place }) => {
  const [start, end] = place;
  const made = make("li");
  const characters = [...excerpt]; // Python counts an emoji as one
  const part = (from, to) => characters.slice(from, to).join("");
  const words = make("span", "", part(0, start));
  words.append(make("mark", "", part(start, end)), part(end));
  const opened = press("", title || t("chat.new"), () => opening(id, () => trigger("open", { id, message_id })), make("strong", "", title));
  opened.append(words);
  made.append(opened);
  return made;
};

const draw = () => {
  const query = field.value.trim();
  document.querySelector("#sidebar").classList.toggle("searching", Boolean(query));
  const { query: answered = "", found = [] } = props.value ?? {};
  if (!query) return list.replaceChildren();
  if (answered !== query) return;
  list.replaceChildren(...found.map(hit));
  if (!found.length) list.append(make("li", "", t("search.nothing")));
};

const search = () => {
  draw();
  clearTimeout(pause);
  if (field.value.trim()) pause = setTimeout(() => trigger("search", { query: field.value.trim() }), 120);
};

field.setAttribute("aria-label", t("search.label"));
field.addEventListener("input", search);
onKeys(field, {
  Enter: () => list.querySelector("button")?.click(),
  Escape: () => { field.value = ""; draw(); },
});
list.setAttribute("aria-live", "polite");
element.replaceChildren(field, list);
watch("value", draw);
