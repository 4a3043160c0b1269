// A browser may let a page in a frame of another site keep nothing, and Gradio would break at its first look for what
// it kept. There the page gets a storage that ends with it.
try {
  localStorage.length;
} catch {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, String(value)); },
    removeItem: (key) => { kept.delete(key); },
  };
  Object.defineProperty(window, "localStorage", { value: storage });
  (window.chatbot ??= {}).forgetful = true;
}
