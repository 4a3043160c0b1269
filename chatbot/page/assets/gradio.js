// What Gradio itself says in English only, and what it draws as it comes from the server: in the reader's language, by
// failures.js.

const NAMES = { // selectors and accessible names
  "#sidebar .toggle-button": "sidebar.toggle",
  "#chat [role=log]": "chat.log",
  "[data-testid=toast-close]": "keyboard.close",
};
const SPEAKERS = { "user's message:": "chat.question", "bot's message:": "chat.answer" };
const PLACES = [
  "#chat .thought-group .title",
  "#chat .typing",
  "#chat .note",
  "#files .refused p",
  "#import-result p",
  "#model-state p",
  "#sign-in",
  ".toast-title",
  ".toast-message-text",
].join();

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
      const said = texts.currentNode.data.trim();
      const words = said && page.inReadersWords(said);
      if (words !== said) texts.currentNode.data = words;
    }
  }
};

if (LANGUAGE !== "en") {
  new MutationObserver(translate).observe(document.body, { childList: true, subtree: true });
  translate();
}
