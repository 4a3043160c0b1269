// What is to come with the next message: files that were chosen, dropped or pasted, uploaded at once.
// send.js takes them when the message goes; props.value tells when one was refused, as {back: [ids]}, or taken back by
// the visitor, as {again: [files]}.

let waiting = []; // {name, kind, size, content, id once uploaded, refused: a sentence, done: a promise}
let taken = []; // those of the message that was sent last
const picker = Object.assign(document.createElement("input"), { type: "file", multiple: true, hidden: true });
const list = make("div", "waiting");

const KINDS = { "image/png": "picture", "image/jpeg": "picture", "application/pdf": "document" };
const PREVIEWED = ["image/png", "image/jpeg", "image/webp", "image/gif"];

const handIn = async (file) => {
  try {
    const headers = { Authorization: `Bearer ${await ownToken()}` };
    const address = new URL(`attachments?name=${encodeURIComponent(file.name.slice(-200))}`, location.href);
    const answer = await fetch(address, { method: "POST", headers, body: file.content });
    const told = await answer.json();
    if (!answer.ok) file.refused = told.error.message;
    else Object.assign(file, { id: told.attachment_id, name: told.name, kind: KINDS[told.media_type] ?? "text" });
  } catch {
    file.refused = t("files.lost", { name: file.name });
  }
  draw();
};

const add = (files) => {
  for (const content of files) {
    const kind = PREVIEWED.includes(content.type) ? "picture" : content.type === "application/pdf" ? "document" : "text";
    const file = { name: content.name, kind, size: content.size, content };
    file.done = handIn(file);
    waiting.push(file);
  }
  draw();
  document.querySelector("#message textarea")?.focus();
};

const drop = (file) => { waiting = waiting.filter((one) => one !== file); draw(); };

const item = (file) => {
  const made = make("div", file.refused ? "item refused" : file.id ? "item" : "item uploading");
  made.append(file.refused ? make("p", "", file.refused) : thumbnail(file));
  made.append(press("remove", t("files.remove", { name: file.name }), () => drop(file), "✕"));
  return made;
};

const draw = () => list.replaceChildren(...waiting.map(item));

// What send.js asks for: whether there are any, and the ids of those that go with the message, once they are uploaded.
page.files = {
  get any() { return waiting.some((file) => !file.refused); },
  take: async () => {
    const known = waiting.filter((file) => file.refused);
    await Promise.all(waiting.map((file) => file.done));
    if (waiting.some((file) => file.refused && !known.includes(file))) return null; // just refused: to be read first
    taken = waiting.filter((file) => file.id);
    waiting = [];
    draw();
    return taken.map((file) => file.id);
  },
};

const back = async () => {
  const { back: ids = [], again = [] } = JSON.parse(props.value || "{}");
  const undone = again.map(async (file) => ({ ...file, content: await known.blobs.get(file.id)?.catch(() => null) }));
  const returned = [...taken.filter((file) => ids.includes(file.id)), ...(await Promise.all(undone))];
  if (!returned.length) return;
  waiting = [...returned, ...waiting];
  taken = [];
  draw();
};

const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const marking = (on) => document.body.classList.toggle("dropping", on);
addEventListener("dragover", (event) => { if (carries(event)) { event.preventDefault(); marking(true); } });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) marking(false); });
addEventListener("drop", (event) => {
  if (!carries(event)) return;
  event.preventDefault();
  marking(false);
  add(event.dataTransfer.files);
});
// Office programs put a picture of the text beside the text: then the text is meant.
addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData ?? {};
  if (!files?.length || types.includes("text/plain") || event.target.closest?.("#sidebar")) return;
  event.preventDefault();
  add(files);
});

picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });
list.setAttribute("aria-live", "polite");
element.replaceChildren(list, press("attach", t("files.attach"), () => picker.click(), "+"), picker);
watch("value", back);
