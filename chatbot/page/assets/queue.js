// Above the message box: the messages that wait for the end of an answer, and, while one is typed during an answer, what can
// be done with it.

import { button, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { machine } from "./state.js";
import { tool } from "./tools.js";
import { onUploads, uploads } from "./uploads.js";
import { onBox, onQueue, queueMessage, sendNow, typedText, view, withdraw } from "./view.js";

const field = () => find("#message textarea");

const waitingItem = ({ id, text, files = [], refusal }) => {
  const made = make("li");
  const words = make("p", "words", [text, ...files.map(({ name }) => name)].filter(Boolean).join("\n"));
  words.dir = "auto";
  made.append(words);
  if (refusal) made.append(make("p", "refusal", refusal));
  if (!id) return made; // the server does not have it yet
  const actions = make("span", "actions");
  actions.append(
    button("keep", t(machine.isAnswering ? "queue.stop" : "queue.now"), () => sendNow(id)),
    tool("edit", t("queue.edit"), () => withdraw(id, true)),
    button("remove", t("queue.withdraw"), () => { withdraw(id); field().focus(); }, "✕"),
  );
  made.append(actions);
  return made;
};

// Enter does the first, but not on a touch screen.
const choices = () => {
  const made = make("div", "choices");
  const send = (stops) => { queueMessage(field().value, stops); field().focus(); };
  made.append(
    button("keep", t("queue.add"), () => send(false)),
    button("keep", t("queue.stop"), () => send(true)),
  );
  return made;
};

export const mountQueue = ({ element }) => {
  const said = make("p", "head");
  const list = make("ul");
  said.setAttribute("role", "status");
  let drawn = "";
  const draw = () => {
    const isTyping = machine.isAnswering && Boolean(typedText().trim() || uploads.any);
    const key = JSON.stringify([view.queued, machine.isAnswering, isTyping]);
    if (key === drawn) return;
    drawn = key;
    said.textContent = view.queued.length ? t(machine.isAnswering ? "queue.head" : "queue.held") : "";
    list.replaceChildren(...view.queued.map(waitingItem));
    element.replaceChildren(...(view.queued.length ? [said, list] : []), ...(isTyping ? [choices()] : []));
  };
  onQueue(draw);
  onUploads(draw);
  machine.onChange(draw);
  document.addEventListener("input", ({ target }) => { if (target === field()) draw(); });
  onBox(draw);
  draw();
};
