// What a tab keeps over a reload, which Gradio does by itself when the network or the server is back: which conversation
// is open, and what was typed that the server has not got yet.

const field = () => document.querySelector("#message textarea");
const keep = (name, value) => { try { sessionStorage.setItem(`chatbot-${name}`, value); } catch { /* forbidden here */ } };
const kept = (name) => { try { return sessionStorage.getItem(`chatbot-${name}`); } catch { return null; } };

const bringBack = () => {
  const draft = kept("draft");
  const asked = page.told?.rows?.findLast(({ role }) => role === "user")?.text;
  if (!draft || draft === asked || field().value) return;
  field().value = draft;
  field().dispatchEvent(new Event("input", { bubbles: true }));
};

const told = () => {
  if (!page.entered) return;
  keep("open", page.open);
  keep("draft", field().value); // what was sent has been heard
};

document.addEventListener("chatbot:entered", () => { bringBack(); told(); });
document.addEventListener("chatbot:shown", told);
document.addEventListener("input", ({ target }) => { if (target === field()) keep("draft", target.value); });
