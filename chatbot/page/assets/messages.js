// The messages of the conversation on display. Gradio's chat draws their rows and an empty place in each; this puts the
// server's HTML (chatbot/page/markdown/) there and changes only what an update changes, so that what is finished, selected or
// scrolled stays. A message: {role, blocks: [html of each block], metadata}.

import { button, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { copy, icon } from "./tools.js";

const TAGS = new Set(`P H1 H2 H3 H4 H5 H6 UL OL LI PRE CODE BLOCKQUOTE TABLE THEAD TBODY TR TH TD A EM STRONG DEL HR BR DIV SPAN
  BUTTON INPUT`.split(/\s+/));
const ATTRIBUTES = new Set(`class dir href target rel title type disabled checked start value data-language data-latex
  data-display`.split(/\s+/));
const LINK = /^(https?|mailto):/i;

const isAllowed = (element) =>
  TAGS.has(element.tagName) && [...element.attributes].every(({ name, value }) =>
    ATTRIBUTES.has(name) && (name !== "href" || LINK.test(value)));

// The elements of a block. What the server never writes becomes text: a second wall behind its escaping.
const parse = (html) => {
  const template = make("template");
  template.innerHTML = html;
  for (const element of template.content.querySelectorAll("*")) {
    if (!isAllowed(element)) element.replaceWith(element.outerHTML);
  }
  return [...template.content.childNodes];
};

const attributes = (element) =>
  [...element.attributes].map(({ name, value }) => name.startsWith("data-") ? "" : `${name}=${value}`).sort().join(" ").trim();
const isAlike = (old, made) =>
  old.nodeName === made.nodeName && (old.nodeType === Node.TEXT_NODE || attributes(old) === attributes(made));

// Makes `old` equal to `made`. Text that grows is appended to: a selection in it stays.
const change = (old, made) => {
  if (old.nodeName === "BUTTON" && made.nodeName === "BUTTON") return; // drawn here
  if (!isAlike(old, made)) { old.replaceWith(made); return; }
  if (old.nodeType === Node.TEXT_NODE) {
    if (made.data.startsWith(old.data)) old.appendData(made.data.slice(old.data.length));
    else old.data = made.data;
    return;
  }
  if (old.classList.contains("formula")) {
    if (old.dataset.latex !== made.dataset.latex) old.replaceWith(made);
    return;
  }
  Object.assign(old.dataset, made.dataset);
  changeAll(old, [...old.childNodes], [...made.childNodes]);
};

const changeAll = (parent, old, made) => {
  old.forEach((node, place) => { if (place in made) change(node, made[place]); else node.remove(); });
  parent.append(...made.slice(old.length));
};

// A place shows these blocks, of which those that stay the same are left alone.
const fill = (place, blocks) => {
  const before = place.blocks ?? [];
  if (before === blocks) return;
  place.blocks = blocks;
  let same = 0;
  while (same < before.length && before[same] === blocks[same]) same += 1;
  changeAll(place, [...place.childNodes].slice(same), blocks.slice(same).flatMap(parse));
  drawButtons(place);
  drawFormulas(place);
};

// The code's last line break belongs to the fence.
const copyCode = (pressed) => copy(pressed, pressed.parentElement.querySelector("code").textContent.replace(/\n$/, ""));
const drawButtons = (place) => {
  for (const made of place.querySelectorAll(".copy-code:empty")) {
    made.replaceWith(button("copy-code", t("turn.copy.code"), copyCode, icon("copy")));
  }
};

// Formulas, by the KaTeX that Gradio brings along. One that it cannot read stays as it was written.
let loading = null;
const loadKatex = () => {
  const { script, style } = find("meta[name=katex]").dataset;
  const sheet = Object.assign(make("link"), { rel: "stylesheet", href: new URL(style, document.baseURI).href });
  document.head.append(sheet);
  return import(new URL(script, document.baseURI).href).then((module) => module.default);
};

const drawFormulas = async (place) => {
  const formulas = place.querySelectorAll(".formula:not([data-drawn])");
  if (!formulas.length) return;
  const katex = await (loading ??= loadKatex());
  for (const formula of formulas) {
    const { latex, display } = formula.dataset;
    const options = { displayMode: Boolean(display), throwOnError: true, trust: false, strict: false, maxSize: 20, maxExpand: 500 };
    const made = make("span");
    try { katex.render(latex, made, options); } catch { continue; } finally { formula.dataset.drawn = "yes"; }
    formula.replaceChildren(...made.childNodes);
  }
};

// For Gradio: the rows of the messages. Their contents never change, so it does not draw a message again as it grows.
export const rowsOf = (messages) => messages.map(({ role, metadata }, index) => ({
  role,
  content: [{ type: "text", text: `<div class="written place-${index}"></div>` }],
  metadata: metadata ?? null,
  options: null,
}));

let shown = [];
const draw = () => {
  for (const place of document.querySelectorAll("#chat .written")) {
    const message = shown[Number(/place-(\d+)/.exec(place.className)[1])];
    if (message) fill(place, message.blocks);
  }
};

const changes = new MutationObserver(draw);

export const showMessages = (messages) => {
  shown = messages;
  draw();
  changes.takeRecords(); // those of drawing itself
};

// A copied formula is its LaTeX.
const copySelection = (event) => {
  const selection = getSelection();
  if (!selection.rangeCount || !find("#chat")?.contains(selection.anchorNode)) return;
  const copied = make("div");
  copied.append(selection.getRangeAt(0).cloneContents());
  const formulas = copied.querySelectorAll(".formula:has(.katex)");
  if (!formulas.length) return;
  for (const formula of formulas) formula.replaceChildren(formula.dataset.display ? `\\[${formula.dataset.latex}\\]` : `\\(${formula.dataset.latex}\\)`);
  copied.style.cssText = "position: fixed; left: -9999px; white-space: normal";
  document.body.append(copied);
  event.clipboardData.setData("text/plain", copied.innerText);
  copied.remove();
  event.preventDefault();
};

export const mountMessages = () => {
  changes.observe(find("#chat"), { childList: true, subtree: true });
  document.addEventListener("copy", copySelection);
  draw();
};
