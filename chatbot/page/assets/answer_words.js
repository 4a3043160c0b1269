// The facts below an answer, in words: chatbot/page/answer_details.py says which there are.

import { LANGUAGE, t, worded } from "./i18n.js";

const MAX_PLACES = 12; // decimals beyond which a price is nothing; only an imported file can have one as small

const digits = (value, places, options = {}) =>
  value.toLocaleString(LANGUAGE, { ...options, minimumFractionDigits: places, maximumFractionDigits: places });

// To the cent; below one, to two digits that say something.
const price = (dollars) => {
  const isWhole = dollars >= 0.01 || dollars <= 0;
  let place = 3;
  while (place < MAX_PLACES && dollars * 10 ** place < 1) place += 1;
  return digits(dollars, isWhole ? 2 : place + 1, { style: "currency", currency: "USD" });
};

// A price for a million tokens: to the cent, or to a tenth of it.
export const dollars = (value) =>
  value.toLocaleString(LANGUAGE, { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 3 });

const filesInWords = ({ shown, count, left_out, unread, as_text } = {}) => [
  shown < count && t("account.files", { shown, count }),
  left_out && t("account.files.left", { count: left_out }),
  unread && t("account.files.unread", { count: unread }),
  as_text && t("account.files.text", { count: as_text }),
];

const writerOf = ({ provider, local }) => local ? t(local) : provider ?? t("account.somebody");
const guess = (what, isEstimated) => isEstimated ? t("account.estimated", { what }) : what;

export const inWords = {
  ending: ({ fault, reason, tokens } = {}) => {
    if (fault || !reason) return fault ? worded(fault) : "";
    return tokens ? t(`ending.${reason}.after`, { count: tokens }) : t(`ending.${reason}`);
  },

  details: ({ provider, local, model, first_token_s, tokens_per_s, input, output, estimated, cost, seen, files }) => {
    const counted = { read: input, written: output };
    return [
      writerOf({ provider, local }),
      model,
      first_token_s !== undefined && t("account.first", { seconds: digits(first_token_s, first_token_s < 0.1 ? 2 : 1) }),
      tokens_per_s && t("account.rate", { rate: digits(tokens_per_s, 0) }),
      output !== undefined && guess(t(input === undefined ? "account.written" : "account.tokens", counted), estimated),
      cost !== undefined && guess(price(cost), estimated),
      inWords.seen(seen),
      ...filesInWords(files),
    ].filter(Boolean).join(" · ");
  },

  price: ({ cost, estimated }) => cost === undefined ? "" : guess(price(cost), estimated),

  writer: ({ model, ...rest }) => [model, writerOf(rest)].filter(Boolean).join(" · "),

  // How much of the conversation the model was sent, if not all.
  seen: (seen) => seen && [
    t(seen.trimmed ? "account.trimmed" : "account.seen", seen),
    seen.pinned && t("account.pinned", { count: seen.pinned }),
    seen.pinned_left_out && t("account.pinned.left", { count: seen.pinned_left_out }),
  ].filter(Boolean).join(" · "),

  total: ({ tokens, estimated, cost, partly } = {}) => {
    if (tokens === undefined) return "";
    const about = (what) => estimated ? t("account.about", { what }) : what;
    const spent = cost !== undefined && about(price(cost));
    const what = [about(t("account.total.tokens", { tokens })), partly ? t("account.total.partly", { price: spent }) : spent];
    return t("account.total", { what: what.filter(Boolean).join(" · ") });
  },
};
