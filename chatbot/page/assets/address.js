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

export const showTitle = (title) => {
  document.title = title ? `${title} · ${NAME}` : NAME;
  heading.textContent = title || NAME;
};
