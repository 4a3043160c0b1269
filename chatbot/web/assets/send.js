// In the browser, with no round trip: show the message, clear the box, offer to stop, and hand the text on; nothing of
// it while an answer is still coming. A very quick hand waits until the page knows its session.
async (text, messages) => {
  for (let i = 0; i < 100 && !window.chatbot?.entered; i++) await new Promise((wake) => setTimeout(wake, 50));
  const busy = document.querySelector("#message .stop-button");
  if (busy || !text.trim()) return [text, messages, ""];
  window.chatbot.following = true;
  const sent = { role: "user", content: [{ type: "text", text }], metadata: null, options: null };
  const box = { __type__: "update", value: "", submit_btn: false, stop_btn: true };
  return [box, [...(messages ?? []), sent], text];
}
