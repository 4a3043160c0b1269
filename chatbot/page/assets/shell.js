// Runs where the shell stands, before Gradio: greets in the visitor's language, and keeps what is typed. handover.js gives it to
// the page and removes the shell.

(() => {
  const shell = document.getElementById("shell");
  const [field, asked] = [shell.querySelector("textarea"), shell.querySelector(".asked span")];
  const stored = (name) => { try { return sessionStorage.getItem(`chatbot-${name}`) ?? ""; } catch { return ""; } };
  const store = (text) => { try { sessionStorage.setItem("chatbot-draft", text); } catch { /* forbidden here */ } };

  const { language } = navigator;
  const texts = SHELL_TEXTS[[language, language.split("-")[0]].find((one) => one in SHELL_TEXTS) ?? "en"];
  for (const element of shell.querySelectorAll("[data-text]")) {
    const text = texts[element.dataset.text];
    if (element.matches("textarea")) element.placeholder = text;
    else if (element.matches(".send")) element.title = text;
    else element.textContent = text;
    if (element.dataset.label) element.setAttribute("aria-label", texts[element.dataset.label]);
  }
  const address = new URL(location.href);
  const theme = address.searchParams.get("__theme");
  const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  shell.classList.toggle("dark", isDark);
  shell.classList.toggle("begun", Boolean(address.searchParams.get("c") ?? stored("open")));

  const fit = () => {
    field.style.height = "";
    field.style.height = `${Math.min(field.scrollHeight, 234)}px`;
  };
  const ask = (text) => {
    if (!text.trim() || asked.textContent) return;
    asked.textContent = text;
    shell.classList.add("begun");
  };
  const submit = () => {
    if (asked.textContent || !field.value.trim()) return;
    ask(field.value);
    field.value = "";
    store("");
    fit();
  };
  const { searchParams } = address;
  const shared = ["title", "text", "url"].map((name) => searchParams.get(name)).filter(Boolean).join("\n");
  if (shared) {
    for (const name of ["title", "text", "url"]) searchParams.delete(name);
    history.replaceState(null, "", address.href);
  }
  field.defaultValue = shared || stored("draft");
  fit();
  field.addEventListener("input", () => { fit(); store(field.value); });
  field.addEventListener("keydown", (event) => {
    const isTouch = matchMedia("(hover: none) and (pointer: coarse)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || isTouch) return;
    event.preventDefault();
    submit();
  });
  shell.querySelector(".send").addEventListener("click", () => { submit(); field.focus(); });
  shell.querySelector(".new")?.addEventListener("click", () => field.focus());
  for (const example of shell.querySelectorAll(".examples button")) example.addEventListener("click", () => ask(example.textContent));
  addEventListener("error", ({ target }) => { if (target?.matches?.("script[src^='./assets/']")) shell.classList.add("lost"); }, true);
  field.focus();
})();
