// What Gradio says in English only, in the reader's language: the names of its buttons and messages.

import { find } from "./dom.js";
import { LANGUAGE, t } from "./i18n.js";
import { machine } from "./state.js";

const NAMES = { // of elements that Gradio leaves without a translated name
  "#sidebar .toggle-button": "sidebar.toggle",
  "#chat [role=log]": "chat.log",
  "#message .submit-button": "box.send",
  "#message .stop-button": "box.stop",
};
const SPEAKERS = { user: "chat.question", bot: "chat.answer" }; // by Gradio's test ids; its own names hold empty places

const nameElements = () => {
  for (const [selector, key] of Object.entries(NAMES)) find(selector)?.setAttribute("aria-label", t(key));
  for (const message of document.querySelectorAll("#chat :is([data-testid=user], [data-testid=bot])")) {
    const name = t(SPEAKERS[message.dataset.testid]);
    if (message.ariaLabel === name) continue; // setting it again would have the browser look at its style again
    message.setAttribute("role", "group"); // what has no role may have no name
    message.setAttribute("aria-label", name);
  }
};

machine.until("idle").then(() => {
  document.documentElement.lang = LANGUAGE; // Gradio has set the browser's
  const observer = new MutationObserver(nameElements);
  for (const part of ["#chat", "#message"]) observer.observe(find(part), { childList: true, subtree: true });
  nameElements();
  const [signIn] = LANGUAGE === "en" ? [] : document.querySelectorAll("#sign-in");
  const [, name] = /^Sign out \((.*)\)$/.exec(signIn?.textContent.trim() ?? "") ?? [];
  if (signIn) signIn.querySelector("button, a")?.replaceChildren(name ? t("sign.out", { name }) : t("sign.in"));
});
