// What Gradio's components call: `mount` by the parts of the page that scripts draw, the others by events in Python.

import { conversationInAddress } from "./address.js";
import { mountHandover } from "./handover.js";
import { mountImport, download } from "./import_export.js";
import { button, make } from "./dom.js";
import { t, worded } from "./i18n.js";
import { mountKeys, rememberedKeys } from "./keys.js";
import { mountMemory } from "./memory_panel.js";
import { addKey, canGetBetter, getBetter, modelChosen, mountPicker, showModel } from "./model_picker.js";
import { mountOffline } from "./offline.js";
import { mountQueue } from "./queue.js";
import { mountSearch } from "./search.js";
import { isPreset, mountChip, mountPreferences, mountSettings, openSettings, presetText, showPreset } from "./settings.js";
import { mountShortcuts } from "./shortcuts.js";
import { mountSidebar } from "./sidebar.js";
import { summaryFailed } from "./summary.js";
import { isForgetful, tabStorage } from "./storage.js";
import { mountTemporary } from "./temporary.js";
import { mountTurns } from "./turns.js";
import { mountUploads } from "./uploads.js";
import { applied, failed, mountAnswers, mountView, newChat, opened, queueFailed, send, stop, view } from "./view.js";

// What one could ask, while there is nothing on the page yet.
const mountExamples = ({ element, props }) =>
  element.replaceChildren(...props.value.map((key) => button("example", t(key), () => send(t(key)))));

const mountNotices = ({ element, props }) => {
  const keys = [...(props.value ?? []), ...(isForgetful ? ["notice.forgetful"] : [])];
  element.replaceChildren(...keys.map((key) => make("p", "", t(key))));
};

// How far the local model is: {name, texts}.
const mountLocalModel = ({ element, props, watch }) => {
  const draw = () => {
    const { name = "", texts = [] } = props.value ?? {};
    const lines = texts.map((text, place) => make("p", place ? "" : name, worded(text)));
    const isDemo = name === "ready" && texts.some(({ key }) => key === "model.demo");
    const better = canGetBetter() ? [button("better", t("remedy.better"), getBetter)] : [];
    element.replaceChildren(...lines, ...(isDemo ? [button("add-key", t("remedy.key"), addKey), ...better] : []));
  };
  watch("value", draw);
  draw();
};

const PARTS = {
  turns: (part) => { mountTurns(part); mountView(part); },
  answers: mountAnswers,
  queue: mountQueue,
  files: mountUploads,
  picker: mountPicker,
  search: mountSearch,
  conversations: mountSidebar,
  "model-state": mountLocalModel,
  "memory-panel": mountMemory,
  temporary: mountTemporary,
  "settings-said": mountSettings,
  preferences: mountPreferences,
  chip: mountChip,
  "own-keys": mountKeys,
  "import-result": mountImport,
  examples: mountExamples,
  notices: mountNotices,
  shortcuts: mountShortcuts,
};

const same = { __type__: "update" };

// The model menu, when the server has sent a list; the model that was chosen or typed meanwhile stays, unless the provider
// has changed.
const listModels = (arriving, listed, provider, model) => {
  if (!arriving || arriving.provider !== provider) return [same, same];
  const choices = arriving.models.map((name) => [name, name]);
  const value = provider === listed && model ? {} : { value: arriving.models[0] ?? "" };
  return [{ ...same, choices, ...value }, provider];
};

window.chatbot = {
  view, // for tests and the browser's console
  mount: (name, part) => PARTS[name](part),
  applied,
  opened,
  failed,
  queueFailed,
  summaryFailed,
  send,
  stop,
  newChat,
  download,
  listModels,
  modelChosen,
  showModel,
  openSettings,
  rememberedKeys,
  showPreset,
  lastOpen: () => conversationInAddress() ?? tabStorage.get("open"),
  presetText,
  isPreset,
  sidebarUpdate: (open) => ({ ...same, open }),
  visible: (...parts) => parts.map((visible) => ({ ...same, visible })),
};

mountHandover();
mountOffline();
