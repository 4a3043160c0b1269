// What was sent stands in the chat, the box is empty, and its button stops the answer.
(text, messages) => {
  window.chatbot.sending = false;
  const sent = { role: "user", content: [{ type: "text", text }], metadata: null, options: null };
  return [
    { __type__: "update", value: "", submit_btn: false, stop_btn: true },
    [...(messages ?? []), sent],
  ];
}
