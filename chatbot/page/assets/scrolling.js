// When an answer begins, its question goes to the top of the chat and stays there, so that the answer can be read from its
// start while it grows. An arrow leads to the end where that is out of sight; there the page follows the answer.

import { button, find } from "./dom.js";
import { t } from "./i18n.js";
import { machine } from "./state.js";
import { icon } from "./tools.js";
import { view } from "./view.js";

const NEAR = 40; // px from the end that still are at the end
const GAP = 16; // px above the question

machine.until("idle").then(() => {
  const panel = find("#chat .panel-wrap");
  const arrow = button("to-end", t("chat.end"), () => { view.anchor = "end"; keep(); }, icon("end"));
  find("#chat").append(arrow);
  let placed = panel.scrollTop; // where this has scrolled to
  let height = panel.scrollHeight;
  let shown = view.conversation;
  let spacious = null; // the row that makes the space below the question, by its height
  let space = "";

  const distance = () => panel.scrollHeight - panel.scrollTop - panel.clientHeight;
  const rows = () => [...panel.querySelectorAll(".message-row")];
  const topOf = (row) => row.getBoundingClientRect().top - panel.getBoundingClientRect().top + panel.scrollTop;

  // The place at which the question is at the top, of one that fills half of the chat its end; the last row makes the space.
  const questionPlace = () => {
    const question = rows().findLast((row) => row.classList.contains("user-row"));
    const last = rows().at(-1);
    if (!question) return panel.scrollHeight;
    const end = question.querySelector(".turn") ?? question.querySelector(".message-content");
    const length = end.getBoundingClientRect().bottom - question.getBoundingClientRect().top;
    const top = topOf(question) + Math.max(-GAP, length - panel.clientHeight / 2);
    const below = parseFloat(getComputedStyle(last.parentElement).paddingBottom);
    makeSpace(`${Math.max(0, top + panel.clientHeight - topOf(last) - below)}px`);
    return top;
  };

  // The height is the row's own: a variable of the panel would have the browser look at every element of the chat again.
  const makeSpace = (height) => {
    space = height;
    const last = rows().at(-1) ?? null;
    if (spacious !== last) spacious?.style.removeProperty("min-height");
    spacious = last;
    if (last && last.style.minHeight !== space) last.style.minHeight = space;
  };

  const look = () => {
    const isMoved = Math.abs(panel.scrollTop - placed) > 2 && panel.scrollHeight >= height; // not because something went away
    if (isMoved) view.anchor = distance() < NEAR ? "end" : null;
    placed = panel.scrollTop;
    height = panel.scrollHeight;
    arrow.hidden = distance() < NEAR || !rows().length;
  };

  // A browser may call this before it tells of a scroll in the same frame, so the place is looked at first.
  const keep = () => {
    makeSpace(shown && view.conversation !== shown ? "" : space); // that of another conversation is no use
    shown = view.conversation;
    look();
    if (view.anchor === "question") panel.scrollTop = questionPlace();
    if (view.anchor === "end") panel.scrollTop = panel.scrollHeight;
    placed = panel.scrollTop;
    height = panel.scrollHeight;
    arrow.hidden = distance() < NEAR || !rows().length;
  };

  panel.addEventListener("scroll", look, { passive: true });
  // A wheel scrolls beside the scripts, and setting the place would undo it.
  panel.addEventListener("wheel", ({ deltaY }) => { if (deltaY < 0 && panel.scrollTop > 0) view.anchor = null; }, { passive: true });
  const sizes = new ResizeObserver(keep);
  const observeRows = () => { sizes.disconnect(); [panel, ...panel.children].forEach((each) => sizes.observe(each)); };
  new MutationObserver(observeRows).observe(panel, { childList: true });
  observeRows();
  keep();
});
