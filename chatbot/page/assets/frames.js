// Runs before Gradio's scripts. Gradio's loading screen counts its seconds at each frame, and goes on when it has gone: 60 times
// a second, most of what the scripts of a page do that waits. So a chain of frames, each asked for by the one before, ends
// LONGEST after the page is loaded if it began before. Gradio's animations there are over by then.
(() => {
  const LONGEST = 2000; // ms
  const askForFrame = window.requestAnimationFrame.bind(window);
  let loaded = Infinity;
  let chain = null; // when the chain of the frame that runs began

  window.requestAnimationFrame = (callback) => {
    const now = performance.now();
    const began = chain ?? now;
    if (loaded === Infinity && document.documentElement.dataset.state) loaded = now; // state.js sets it
    if (began < loaded && now > loaded + LONGEST) return 0;
    return askForFrame((time) => {
      chain = began;
      try { callback(time); } finally { chain = null; }
    });
  };
})();
