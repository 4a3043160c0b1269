// Installs the service worker (worker.js) where the page is an app of its own. In a browser's tab it would outlive the
// chat, and answer for whatever runs at its address later.

import { find } from "./dom.js";
import { machine } from "./state.js";

const install = () => {
  const { href } = find("link[rel=manifest]");
  navigator.serviceWorker?.register(new URL("worker.js", href), { scope: new URL("./", location) })
    .catch(() => {}); // some browsers refuse it in private windows
};

export const mountOffline = () => {
  addEventListener("appinstalled", install);
  if (matchMedia("(display-mode: standalone)").matches) machine.until("idle").then(install);
};
