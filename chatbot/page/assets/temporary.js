// Temporary chats: the button that starts one, and the line above the chat that says so.

import { button, make } from "./dom.js";
import { t } from "./i18n.js";
import { callJson } from "./session.js";
import { icon } from "./tools.js";
import { machine } from "./state.js";
import { newChat, newTemporaryChat, onLines, storedNow, view } from "./view.js";

// The button beside "New chat". Pressed in a temporary chat, it starts a usual one.
export const temporaryButton = () => {
  const made = button("temporary", t("temporary.new"), () => (view.isTemporary ? newChat() : newTemporaryChat()), icon("temporary"));
  const draw = () => made.setAttribute("aria-pressed", view.isTemporary);
  onLines(draw);
  draw();
  return made;
};

export const mountTemporary = ({ element }) => {
  const said = make("p");
  const keep = button("keep", t("temporary.keep"), async () => {
    const id = view.conversation;
    const { failure } = await callJson(`conversations/${id}`, "PATCH", { temporary: false });
    if (id !== view.conversation) return;
    if (failure) said.textContent = failure;
    else storedNow();
  });
  const draw = () => {
    said.textContent = t("temporary.about");
    keep.hidden = !view.conversation || machine.isAnswering;
    element.replaceChildren(...(view.isTemporary ? [said, keep] : []));
  };
  element.setAttribute("role", "status");
  onLines(draw);
  machine.onChange(draw);
  draw();
};
