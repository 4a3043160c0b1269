// Elements, made in one line. Stands before the other scripts.

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
// What is open is about to be another: until that shows, nothing of the one before is asked for.
const opening = (id, act) => {
  if (id !== page.open) page.elsewhere = performance.now() + 3000;
  act();
};
const onKeys = (field, keys) =>
  field.addEventListener("keydown", (event) => {
    if (!event.isComposing && !event.shiftKey && keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
// Now, or as soon as the whole page is there.
const onceEntered = (act) => page.entered ? act() : document.addEventListener("chatbot:entered", act, { once: true });
