// Enter, in the browser: the text goes to the server, with the ids of the files that come with it, and stands in the chat
// at once; nothing of it while an answer is still coming. A very quick hand waits until the page knows its session, and
// until it shows the conversation that is open and no other.
async (text) => {
  const page = (window.chatbot ??= {});
  const is_early = () => !page.entered || performance.now() < page.elsewhere || page.isStray?.();
  const is_busy = () => page.sending || document.querySelector("#message .stop-button");
  for (let i = 0; i < 100 && is_early(); i++) await new Promise((wake) => setTimeout(wake, 50));
  if (is_busy() || !(text.trim() || page.files?.any)) return;
  const ids = page.files?.any ? await page.files.take() : [];
  if (!ids || is_busy()) return;
  Object.assign(page, { asked: true, following: true });
  if (!page.open) try { sessionStorage.removeItem("chatbot-open"); } catch { /* forbidden here */ }
  page.send(ids);
}
