// A browser may forbid storage to a page in a frame of another site, and Gradio would fail at its first look for what it
// stored. There the page gets a storage that ends with it.

export let isForgetful = false;

try {
  localStorage.length;
} catch {
  const items = new Map();
  const storage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => { items.set(key, String(value)); },
    removeItem: (key) => { items.delete(key); },
  };
  Object.defineProperty(window, "localStorage", { value: storage });
  isForgetful = true;
}

// What the browser keeps for all tabs and visits; it may be full.
export const browserStorage = {
  get: (name) => localStorage.getItem(`chatbot-${name}`),
  set: (name, value) => { try { localStorage.setItem(`chatbot-${name}`, value); } catch { /* kept for this visit by nobody */ } },
  remove: (name) => localStorage.removeItem(`chatbot-${name}`),
};

// What a tab keeps over a reload; null where storage is forbidden.
export const tabStorage = {
  get: (name) => { try { return sessionStorage.getItem(`chatbot-${name}`); } catch { return null; } },
  set: (name, value) => { try { sessionStorage.setItem(`chatbot-${name}`, value); } catch { /* forbidden here */ } },
};
