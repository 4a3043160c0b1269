// Runs before Gradio's scripts. Gradio's loading screen counts its seconds at each frame, and goes on when it has gone: 60 times
// a second, most of what the scripts of a page do that waits. So once the page is there it gets no more frames.
(() => {
  const COUNTS_SECONDS = /performance\.now\(\)-[^;]*\/1e3/; // as the code of gradio's statustracker, which only shows them
  const askForFrame = window.requestAnimationFrame.bind(window);
  const isLoaded = () => document.documentElement.dataset.state !== undefined; // state.js sets it
  window.requestAnimationFrame = (callback) => (COUNTS_SECONDS.test(String(callback)) && isLoaded() ? 0 : askForFrame(callback));
})();
