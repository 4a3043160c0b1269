// Keeps the newest words in sight for whoever is reading at the end, and leaves whoever has scrolled up alone. Gradio's own
// way looks a moment before it scrolls, and so pulls back those who have just left.

const NEAR = 40; // px from the end that still are at the end

const keepUp = () => {
  const panel = document.querySelector("#chat .panel-wrap");
  let last = panel.scrollTop;
  let height = panel.scrollHeight;
  page.following = true;
  const toEnd = () => { if (page.following) panel.scrollTop = panel.scrollHeight; };
  panel.addEventListener("scroll", () => {
    const isUp = panel.scrollTop < last && panel.scrollHeight >= height; // not because something went away
    const isAtEnd = panel.scrollHeight - panel.scrollTop - panel.clientHeight < NEAR;
    page.following = !isUp && (isAtEnd || page.following);
    last = panel.scrollTop;
    height = panel.scrollHeight;
  }, { passive: true });
  const sizes = new ResizeObserver(toEnd);
  const watchRows = () => { sizes.disconnect(); [panel, ...panel.children].forEach((each) => sizes.observe(each)); };
  new MutationObserver(watchRows).observe(panel, { childList: true });
  watchRows();
};
onceEntered(keepUp);
