// Gives what was typed before Gradio was there to the message box, and removes the shell (shell.js).

import { find } from "./dom.js";
import { machine } from "./state.js";
import { send, wasAsked } from "./view.js";

const PATIENCE = 300; // milliseconds for the page to come to where the shell is; it has more above the box with some models

const boxOf = (selector) => find(selector)?.getBoundingClientRect() ?? { top: 0, left: 0 };

// Whether the page's box is where the shell's is.
const isInPlace = () => {
  const [before, after] = [boxOf("#shell .box"), boxOf("#message")];
  return Math.abs(before.top - after.top) < 2 && Math.abs(before.left - after.left) < 2;
};

const takeText = (from, to) => {
  const isOld = from.value === from.defaultValue && wasAsked(from.value); // the server had the draft already
  if (from.value && !isOld) {
    to.value = from.value;
    to.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (document.activeElement !== from) return;
  to.focus();
  to.setSelectionRange(from.selectionStart, from.selectionEnd);
};

export const mountHandover = () => {
  const shell = find("#shell");
  if (!shell) return;
  const from = shell.querySelector("textarea");
  let isComposing = false;
  from.addEventListener("compositionstart", () => { isComposing = true; });
  from.addEventListener("compositionend", () => { isComposing = false; });
  machine.until("idle").then(() => {
    const asked = shell.querySelector(".asked span").textContent;
    if (asked) send(asked);
    const started = performance.now();
    const wait = () => {
      const isLate = performance.now() - started > PATIENCE;
      if (isComposing || !(isInPlace() || isLate)) { requestAnimationFrame(wait); return; }
      takeText(from, find("#message textarea"));
      shell.remove();
    };
    wait();
  });
};
