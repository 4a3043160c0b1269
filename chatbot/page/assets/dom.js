// Elements, made in one line, and what the scripts share. Stands before the other scripts.

const page = (window.chatbot ??= {});
const { LANGUAGE, t } = page;
const make = (tag, name = "", text = "") =>
  Object.assign(document.createElement(tag), { className: name, textContent: text });
const press = (name, label, act, content = label) => {
  const made = Object.assign(make("button", name), { type: "button", title: label });
  made.setAttribute("aria-label", label);
  made.append(content);
  made.addEventListener("click", () => act(made));
  return made;
};
// What is open is about to be another: until that shows, nothing of the one before is asked for. First the server hears
// what was just asked for, since leaving takes back what it has not, and shows what was opened just before.
const opening = async (id, act) => {
  const mine = (page.openings = (page.openings ?? 0) + 1);
  const is_early = () => page.asked || performance.now() < page.elsewhere;
  for (let i = 0; i < 100 && is_early(); i++) await new Promise((wake) => setTimeout(wake, 30));
  if (mine !== page.openings) return; // of several the last
  if (id !== page.open) page.elsewhere = performance.now() + 3000;
  page.asked = false;
  act();
};
// The session's token, as soon as the page has one.
const ownToken = async () => {
  for (let i = 0; i < 100 && !page.token; i++) await new Promise((wake) => setTimeout(wake, 50));
  return page.token;
};
const onKeys = (field, keys) =>
  field.addEventListener("keydown", (event) => {
    if (!event.isComposing && !event.shiftKey && keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
// Now, or as soon as the whole page is there.
const onceEntered = (act) => page.entered ? act() : document.addEventListener("chatbot:entered", act, { once: true });
