// What Gradio itself says in English only, and what it draws as it comes from the server: in the reader's language.

const NAMES = { // selectors and accessible names
  "#sidebar .toggle-button": "sidebar.toggle",
  "#chat [role=log]": "chat.log",
  "[data-testid=toast-close]": "keyboard.close",
};
const SPEAKERS = { "user's message:": "chat.question", "bot's message:": "chat.answer" };
const PLACES = "#chat .thought-group .title, #chat .typing, .toast-title";
const SAID = ["turn.reasoning", "turn.reasoning.running", "model.patience", "toast.error", "toast.warning"];
const WORDS = Object.fromEntries(SAID.map((key) => [page.ENGLISH[key], t(key)]));

const translate = () => {
  for (const [selector, key] of Object.entries(NAMES)) {
    document.querySelectorAll(selector).forEach((named) => named.setAttribute("aria-label", t(key)));
  }
  for (const said of document.querySelectorAll("#chat [data-testid=user], #chat [data-testid=bot]")) {
    const [start] = /^\w+'s message:/.exec(said.getAttribute("aria-label")) ?? [];
    if (start in SPEAKERS) said.setAttribute("aria-label", said.getAttribute("aria-label").replace(start, t(SPEAKERS[start])));
  }
  for (const place of document.querySelectorAll(PLACES)) {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data } = texts.currentNode;
      if (data.trim() in WORDS) texts.currentNode.data = data.replace(data.trim(), WORDS[data.trim()]);
    }
  }
};

if (LANGUAGE !== "en") {
  new MutationObserver(translate).observe(document.body, { childList: true, subtree: true });
  translate();
}
