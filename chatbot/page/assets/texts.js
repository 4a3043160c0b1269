// The interface's texts, which Gradio has put into the page, in the language that Gradio takes too. Runs before all else.
(() => {
  const all = window.gradio_config?.i18n_translations ?? { en: {} };
  const language = [navigator.language, navigator.language.split("-")[0]].find((one) => one in all) ?? "en";
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  const said = (value) => typeof value === "number" ? numbers.format(value) : value;

  // The text of that key with its values, and of a key that has several the one that fits values.count.
  const t = (key, values = {}) => {
    const texts = all[language];
    const text = texts["count" in values ? `${key}.${rules.select(values.count)}` : key] ?? texts[`${key}.other`] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => said(values[name]));
  };

  window.chatbot = { ...window.chatbot, LANGUAGE: language, ENGLISH: all.en, t };
  document.documentElement.lang = language;
})();
