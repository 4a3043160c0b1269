// What helps after a failure, by its code in chatbot/errors.py.

import { addKey, chooseFirst, openPicker } from "./model_picker.js";

const NEEDS_KEY = /^failure\.(no_provider|provider_invalid_key|provider_quota|daily_limit)/;
const NEEDS_OTHER_MODEL = /^failure\.provider_(permission|unknown_model|wrong_address|request_refused|files_not_read|content_filter)/;
const NEEDS_PATIENCE = /^failure\.provider_(unavailable|timeout|rate_limited)/;

// {label: a text's key, act: takes what sends the question again}; null if sending it again is all that may help.
export const remedyFor = (fault) => {
  const { key = "" } = fault?.sentence ?? fault ?? {};
  const isDemoHelp = NEEDS_KEY.test(key) || NEEDS_PATIENCE.test(key);
  const demo = isDemoHelp && ((again) => chooseFirst("local", again));
  if (demo && chooseFirst("local")) return { label: "remedy.demo", act: demo };
  if (NEEDS_KEY.test(key)) return { label: "remedy.key", act: addKey };
  if (NEEDS_OTHER_MODEL.test(key)) return { label: "remedy.model", act: openPicker };
  return null;
};
