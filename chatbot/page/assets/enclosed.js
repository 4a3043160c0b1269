// Files that messages come with: small where they are listed, in full when pressed. Stands before the scripts that list
// some. Contents come from the API with the session's token, which belongs in no address.
// A file is {id, name, kind: "picture" | "document" | "text"} with its pages or its size in bytes; `content`, a Blob,
// where the page has it.

const known = (page.contents ??= { of: null, blobs: new Map() }); // of the open conversation's files, by id

const fetched = async (path) => {
  const answer = await fetch(new URL(path, location.href), { headers: { Authorization: `Bearer ${page.token}` } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.blob();
};

const contentOf = ({ id, content }, conversation) => {
  if (content) return Promise.resolve(content);
  if (known.of !== conversation) Object.assign(known, { of: conversation, blobs: new Map() });
  const { blobs } = known;
  if (!blobs.has(id)) {
    blobs.set(id, fetched(`conversations/${conversation}/attachments/${id}`));
    blobs.get(id).catch(() => blobs.delete(id));
  }
  return blobs.get(id);
};

const image = (name, content) => {
  const made = Object.assign(document.createElement("img"), { alt: name, src: URL.createObjectURL(content) });
  made.addEventListener("load", () => URL.revokeObjectURL(made.src), { once: true });
  return made;
};

// A press of a link to the content, which is let go of a minute later.
const follow = (content, how) => {
  const link = Object.assign(make("a"), { href: URL.createObjectURL(content) }, how);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

// A PDF opens beside the page, in the browser's own viewer; pictures and text in front of it.
const view = async (file, conversation) => {
  const content = await contentOf(file, conversation).catch(() => null);
  if (!content) return;
  if (file.kind === "document") return follow(content, { target: "_blank" });
  const viewer = make("dialog", "viewer");
  const head = make("div", "head");
  head.append(make("span", "name", file.name));
  head.append(press("save", t("files.save"), () => follow(content, { download: file.name })));
  head.append(press("close", t("keyboard.close"), () => viewer.close(), "✕"));
  viewer.append(head, file.kind === "picture" ? image(file.name, content) : make("pre", "", await content.text()));
  viewer.addEventListener("click", ({ target }) => { if (target === viewer) viewer.close(); });
  viewer.addEventListener("close", () => viewer.remove());
  document.querySelector(".gradio-container").append(viewer); // where the theme's colours are
  viewer.showModal();
};

const extent = ({ pages, size }) =>
  pages ? t("files.pages", { count: pages }) : t("files.size", { size: Math.max(1, Math.round(size / 1000)) });

const thumbnail = (file, conversation) => {
  const made = press(`file ${file.kind}`, file.name, () => view(file, conversation), "");
  const inWords = () => made.append(make("span", "name", file.name), make("span", "detail", extent(file)));
  if (file.kind !== "picture") inWords();
  else contentOf(file, conversation).then((content) => made.append(image(file.name, content)), inWords);
  return made;
};
