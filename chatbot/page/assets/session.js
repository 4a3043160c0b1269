// The session's token, which belongs in no address, and calls of the API with it.

import { t } from "./i18n.js";

let setToken;
const token = new Promise((resolve) => { setToken = resolve; });
export const tokenArrived = (value) => setToken(value);

// A call of the API; resolves to the response. Errors are worded in the browser's language by the server.
export const call = async (path, options = {}) => {
  const headers = { ...options.headers, Authorization: `Bearer ${await token}` };
  return fetch(new URL(path, location.href), { ...options, headers });
};

// A call with a JSON body; resolves to {value}, or to {failure}: why it failed, in words.
export const callJson = async (path, method, body) => {
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await call(path, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json();
    return response.ok ? { value: answer } : { failure: answer.error.message };
  } catch { // there is no connection, or what answers is a proxy
    return { failure: t("memory.failed") };
  }
};

export const fetchBlob = async (path) => {
  const response = await call(path);
  if (!response.ok) throw new Error(response.status);
  return response.blob();
};

// Hands content to the browser: a link is pressed, and its content released a minute later.
export const hand = (content, how) => {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content) }, how);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};
