// The address of a conversation, and the tab's title. Only the session that owns a conversation can read it there.

const NAME = window.gradio_config?.title ?? "Chatbot";

export const addressOf = (id) => {
  const address = new URL(location.href);
  address.searchParams.delete("c");
  if (id) address.searchParams.set("c", id);
  return address.href;
};

export const conversationInAddress = () => new URL(location.href).searchParams.get("c");

// Shows the conversation's address, empty for a new chat. Back leads to the one before if this `isStep` of the visitor.
export const showAddress = (id, isStep = false) => {
  if ((conversationInAddress() ?? "") !== id) history[isStep ? "pushState" : "replaceState"](null, "", addressOf(id));
};

// The same as a heading, for those who hear the page.
export const heading = Object.assign(document.createElement("h1"), { className: "unseen", textContent: NAME });

let shown; // the title of the conversation
let mark = ""; // what stands before the title in the tab
export const showTitle = (title) => {
  shown = title;
  document.title = [mark, title, NAME].filter(Boolean).join(" · ");
  heading.textContent = title || NAME;
};
export const shownTitle = () => shown;
export const markTitle = (text) => { mark = text && `✓ ${text}`; showTitle(shown); };
