// Runs before Gradio, in the head of the page. Gradio and the server go by the theme and the language of the browser: the
// visitor's choices, which preferences.js stores, take their place here.

(() => {
  const chosen = (name) => { try { return localStorage.getItem(`chatbot-${name}`) ?? ""; } catch { return ""; } };

  const DARK = "(prefers-color-scheme: dark)";
  const browserMedia = matchMedia.bind(window);
  const isDark = () => (chosen("theme") ? chosen("theme") === "dark" : browserMedia(DARK).matches);
  const media = Object.defineProperty(Object.assign(new EventTarget(), { media: DARK }), "matches", { get: isDark });
  window.matchMedia = (query) => (query === DARK ? media : browserMedia(query));
  browserMedia(DARK).addEventListener("change", () => document.body.classList.toggle("dark", isDark()));

  const language = chosen("language");
  if (!language) return;
  for (const [name, value] of [["language", language], ["languages", [language]]]) Object.defineProperty(navigator, name, { value });
  const { fetch } = window;
  window.fetch = (resource, options = {}) => {
    const headers = new Headers(options.headers ?? resource.headers);
    headers.set("Accept-Language", language);
    return fetch(resource, { ...options, headers });
  };
})();
