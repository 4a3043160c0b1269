// Gives what was typed before Gradio was there to the message box, and removes the shell (shell.js).

import { find } from "./dom.js";
import { machine } from "./state.js";
import { send, wasAsked } from "./view.js";

const PATIENCE = 300; // milliseconds for the page to come to where the shell is; some models have more lines

const PAIRS = [["#shell .box", "#message"], ["#shell .beside", "#sidebar"]];

// Whether the page's box and sidebar, which slides in, are where the shell's are.
const isInPlace = () => PAIRS.every(([before, after]) => {
  const [old, now] = [before, after].map((selector) => find(selector)?.getBoundingClientRect());
  return !old?.width || (now && Math.abs(old.top - now.top) < 2 && Math.abs(old.left - now.left) < 2);
});

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
    let isSent = false;
    const started = performance.now();
    const wait = () => {
      const asked = shell.querySelector(".asked span").textContent; // maybe only while the page takes its place
      if (asked && !isSent) { isSent = true; send(asked); }
      const isLate = performance.now() - started > PATIENCE;
      if (isComposing || !(isInPlace() || isLate)) { requestAnimationFrame(wait); return; }
      takeText(from, find("#message textarea"));
      shell.remove();
    };
    wait();
  });
};
