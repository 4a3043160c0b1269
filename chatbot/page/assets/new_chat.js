// Clears the page, once the updates of an answer that was just left have come to rest: they would fill it again.
async () => {
  document.querySelector("#message textarea")?.focus();
  await new Promise((wake) => setTimeout(wake, 100));
  window.chatbot.asked = false;
  const box = { __type__: "update", submit_btn: true, stop_btn: false };
  const sidebar = innerWidth < 768 ? { __type__: "update", open: false } : { __type__: "update" };
  return ["", [], "", box, sidebar];
}
