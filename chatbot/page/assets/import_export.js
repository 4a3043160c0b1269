// Exports and imports conversations, and says below the buttons how that went.

import { find, make } from "./dom.js";
import { t } from "./i18n.js";
import { call, hand } from "./session.js";
import { view } from "./view.js";

let result; // where it is said, once Gradio has drawn that part

const say = (text) => result?.replaceChildren(...(text ? [make("p", "", text)] : []));

// One conversation, the open one unless `id` says which, or all.
export const download = async (what, id = view.conversation) => {
  const path = what === "all" ? "session/export" : `conversations/${id}/export?format=${what}`;
  const response = await call(path);
  say(response.ok ? "" : t(response.status === 404 ? "data.nothing" : "data.failed"));
  if (!response.ok) return;
  const [, name] = /filename(?:="|\*=UTF-8'')([^"]+)/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
  hand(await response.blob(), { download: decodeURIComponent(name ?? "") });
};

const importFile = async (file) => {
  try {
    const response = await call("session/import", { method: "POST", body: file });
    const body = await response.json().catch(() => null); // a proxy may refuse it, in words of its own
    if (!body) return t(response.status === 413 ? "failure.too_large.import" : "data.lost");
    return response.ok ? t("data.imported", { count: body.conversations.length }) : body.error.message;
  } catch {
    return t("data.lost");
  }
};

export const mountImport = ({ element }) => {
  const picker = Object.assign(make("input"), { type: "file", accept: ".json,.zip", hidden: true });
  let isImporting = false;
  // The button stays enabled for the keyboard, which would be nowhere otherwise, and does nothing meanwhile.
  const setImporting = (on) => {
    isImporting = on;
    for (const name of ["aria-busy", "aria-disabled"]) find("#import").setAttribute(name, on);
  };
  result = make("div");
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    picker.value = ""; // or choosing the same file again would be no change
    if (!file) return;
    setImporting(true);
    say("");
    say(await importFile(file));
    setImporting(false);
  });
  document.addEventListener("click", ({ target }) => { if (target.closest("#import") && !isImporting) picker.click(); });
  element.setAttribute("aria-live", "polite");
  element.replaceChildren(result, picker);
};
