// The server says what went wrong in English, and Gradio some words more: the same in the reader's language, found by the
// English text, whose values may stand in it. Stands before gradio.js.

const SPOKEN = /^(failure|sign|toast)\.|^(provider\.local|model\.patience|turn\.reasoning(\.running)?)$/;
const INNER = ["sentence", "wait", "cause", "provider", "label", "labels"]; // values that have a translation themselves
const NUMBERS = ["number", "most", "size"]; // told as the reader writes numbers

const pattern = (text) => {
  const literal = text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  const value = (_, name) => `(?<${name}>${name === "sentence" ? ".+[.!?]" : ".+?"})`;
  return new RegExp(`^${literal.replace(/\{(\w+)\}/g, value)}$`, "s");
};
const weight = (key) => page.ENGLISH[key].replace(/\{\w+\}/g, "").length; // the more of it is literal, the surer the match
const SENTENCES = Object.keys(page.ENGLISH)
  .filter((key) => SPOKEN.test(key))
  .sort((one, other) => weight(other) - weight(one))
  .map((key) => [key, pattern(page.ENGLISH[key])]);

const translated = (sentence) => {
  for (const [key, pattern] of SENTENCES) {
    const values = pattern.exec(sentence);
    if (values) return t(key, Object.fromEntries(Object.entries(values.groups ?? {}).map(inner)));
  }
  return sentence;
};
const inner = ([name, value]) => {
  if (NUMBERS.includes(name) && /^[\d,.]+$/.test(value)) return [name, Number(value.replaceAll(",", ""))];
  return [name, INNER.includes(name) ? translated(value) : value];
};

const heard = new Map(); // so that the page, which looks again at each change, looks each sentence up once
page.inReadersWords = (sentence) => {
  if (!heard.has(sentence)) heard.set(sentence, translated(sentence));
  return heard.get(sentence);
};
