// The interface's texts, which Gradio has put into the page, in the language that Gradio chooses too.

const locales = window.gradio_config?.i18n_translations ?? { en: {} };
export const LOCALES = Object.keys(locales);
export const LANGUAGE = [navigator.language, navigator.language.split("-")[0]].find((one) => one in locales) ?? "en";
const plurals = new Intl.PluralRules(LANGUAGE);
const numbers = new Intl.NumberFormat(LANGUAGE);

// A value that is a text itself, as the server sends them: {key, ...values}.
const written = (value) =>
  typeof value === "number" ? numbers.format(value) : value?.key ? worded(value) : value ?? "";

// The text of a key with its values; of a key with plural forms, the one that fits values.count.
export const t = (key, values = {}) => {
  const texts = locales[LANGUAGE];
  const plural = "count" in values ? `${key}.${plurals.select(values.count)}` : key;
  const text = texts[plural] ?? texts[`${key}.other`] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => written(values[name]));
};

// The text of a key in all languages.
export const inAllLanguages = (key) => Object.values(locales).map((texts) => texts[key]);

export const worded = ({ key, ...values }) => t(key, values);

document.documentElement.lang = LANGUAGE;
