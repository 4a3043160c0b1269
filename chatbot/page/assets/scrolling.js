// Keeps the newest words in sight for whoever is reading at the end, and leaves whoever has scrolled up alone. Gradio's own
// way looks a moment before it scrolls, and so pulls back those who have just left.

import { find } from "./dom.js";
import { machine } from "./state.js";
import { view } from "./view.js";

const NEAR = 40; // px from the end that still are at the end

machine.until("idle").then(() => {
  const panel = find("#chat .panel-wrap");
  let top = panel.scrollTop;
  let height = panel.scrollHeight;
  const look = () => {
    const isUp = panel.scrollTop < top && panel.scrollHeight >= height; // not because something went away
    const isAtEnd = panel.scrollHeight - panel.scrollTop - panel.clientHeight < NEAR;
    view.isFollowing = !isUp && (isAtEnd || view.isFollowing);
    top = panel.scrollTop;
    height = panel.scrollHeight;
  };
  // A browser may call this before it tells of a scroll in the same frame, so the place is looked at first.
  const toEnd = () => {
    look();
    if (view.isFollowing) panel.scrollTop = panel.scrollHeight;
    top = panel.scrollTop;
  };
  panel.addEventListener("scroll", look, { passive: true });
  // A wheel scrolls beside the scripts, and setting the place would undo it.
  panel.addEventListener("wheel", ({ deltaY }) => { if (deltaY < 0 && panel.scrollTop > 0) view.isFollowing = false; }, { passive: true });
  const sizes = new ResizeObserver(toEnd);
  const observeRows = () => { sizes.disconnect(); [panel, ...panel.children].forEach((each) => sizes.observe(each)); };
  new MutationObserver(observeRows).observe(panel, { childList: true });
  observeRows();
});
