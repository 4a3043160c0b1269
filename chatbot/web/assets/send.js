// In the browser, with no round trip: show the message, clear the box, offer to stop, and hand the text on, with the ids
// of the files that come with it; nothing of it while an answer is still coming. A very quick hand waits until the page
// knows its session, and until it shows the conversation that is open and no other.
async (text, messages) => {
  const page = (window.chatbot ??= {});
  const is_elsewhere = () => performance.now() < page.elsewhere || page.isStray?.();
  const is_busy = () => document.querySelector("#message .stop-button");
  const early = is_elsewhere();
  for (let i = 0; i < 100 && (!page.entered || is_elsewhere()); i++) await new Promise((wake) => setTimeout(wake, 50));
  const as_it_is = { __type__: "update" };
  const stay = [text, as_it_is, "", ""];
  if (is_busy() || !(text.trim() || page.files?.any)) return stay;
  const ids = page.files?.any ? await page.files.take() : [];
  if (!ids || is_busy()) return stay;
  Object.assign(page, { asked: true, following: true });
  if (!page.open) try { sessionStorage.removeItem("chatbot-open"); } catch { /* forbidden here */ }
  const sent = { role: "user", content: [{ type: "text", text }], metadata: null, options: null };
  const box = { __type__: "update", value: "", submit_btn: false, stop_btn: true };
  const files = ids.length ? JSON.stringify({ sent: ids, at: Date.now() }) : "";
  return [box, early ? as_it_is : [...(messages ?? []), sent], text, files];
}
