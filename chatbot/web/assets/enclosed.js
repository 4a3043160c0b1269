// Files that messages come with: small where they are listed, in full when pressed. Stands before the scripts that list
// some. Contents come from the API with the session's token, which belongs in no address.
// A file is {id, name, kind: "picture" | "document" | "text", detail}; `url`, a promise, where the page has its content.

const contents = (page.contents ??= { of: null, urls: new Map() }); // of the open conversation's files, by id

const fetched = async (path) => {
  const answer = await fetch(new URL(path, location.href), { headers: { Authorization: `Bearer ${page.token}` } });
  if (!answer.ok) throw new Error(answer.status);
  return URL.createObjectURL(await answer.blob());
};

const contentOf = ({ id, url }, conversation) => {
  if (url) return url;
  if (contents.of !== conversation) {
    contents.urls.forEach((one) => one.then(URL.revokeObjectURL, () => {}));
    Object.assign(contents, { of: conversation, urls: new Map() });
  }
  if (!contents.urls.has(id)) {
    contents.urls.set(id, fetched(`conversations/${conversation}/attachments/${id}`));
    contents.urls.get(id).catch(() => contents.urls.delete(id));
  }
  return contents.urls.get(id);
};

const image = (file, conversation) => {
  const made = Object.assign(document.createElement("img"), { alt: file.name });
  contentOf(file, conversation).then((url) => { made.src = url; }, () => made.replaceWith(make("span", "name", file.name)));
  return made;
};

const inFull = async (file, url) => {
  if (file.kind === "picture") return Object.assign(document.createElement("img"), { alt: file.name, src: url });
  return make("pre", "", await (await fetch(url)).text());
};

// A PDF opens beside the page, in the browser's own viewer; pictures and text in front of it.
const view = async (file, conversation) => {
  const url = await contentOf(file, conversation).catch(() => null);
  if (!url) return;
  if (file.kind === "document") return Object.assign(make("a"), { href: url, target: "_blank" }).click();
  const viewer = make("dialog", "viewer");
  const head = make("div", "head");
  const save = Object.assign(make("a", "save", "Save"), { href: url, download: file.name });
  head.append(make("span", "name", file.name), save, press("close", "Close", () => viewer.close(), "✕"));
  viewer.append(head, await inFull(file, url));
  viewer.addEventListener("click", ({ target }) => { if (target === viewer) viewer.close(); });
  viewer.addEventListener("close", () => viewer.remove());
  document.querySelector(".gradio-container").append(viewer); // where the theme's colours are
  viewer.showModal();
};

const thumbnail = (file, conversation) => {
  const made = press(`file ${file.kind}`, file.name, () => view(file, conversation), "");
  if (file.kind === "picture") made.append(image(file, conversation));
  else made.append(make("span", "name", file.name), make("span", "detail", file.detail));
  return made;
};
