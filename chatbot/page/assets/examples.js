// What one could ask, while there is nothing on the page yet: a press sends it.

const ask = (text) => {
  const field = document.querySelector("#message textarea");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  requestAnimationFrame(() => field.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true })));
};
element.replaceChildren(...props.value.map((key) => press("example", t(key), () => ask(t(key)))));
