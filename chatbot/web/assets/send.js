// In the browser, with no round trip: show the message, clear the box, offer to stop, and hand the text on, with the ids
// of the files that come with it; nothing of it while an answer is still coming. A very quick hand waits until the page knows its session.
async (text, messages) => {
  for (let i = 0; i < 100 && !window.chatbot?.entered; i++) await new Promise((wake) => setTimeout(wake, 50));
  const stay = [text, messages, "", ""];
  const busy = () => document.querySelector("#message .stop-button");
  const files = window.chatbot?.files;
  if (busy() || !(text.trim() || files?.any)) return stay;
  const ids = files?.any ? await files.take() : [];
  if (!ids || busy()) return stay;
  const sent = { role: "user", content: [{ type: "text", text }], metadata: null, options: null };
  const box = { __type__: "update", value: "", submit_btn: false, stop_btn: true };
  return [box, [...(messages ?? []), sent], text, ids.length ? JSON.stringify({ sent: ids, at: Date.now() }) : ""];
}
