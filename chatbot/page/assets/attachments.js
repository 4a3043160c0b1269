// Attachments: small where they are listed, in full when pressed. One is {id, name, kind: "picture" | "document" | "text"}
// with its pages or its size in bytes; and `content`, a Blob, if the page has it.

import { button, dialog, find, make } from "./dom.js";
import { t } from "./i18n.js";
import { fetchBlob, hand } from "./session.js";

const contents = { of: null, blobs: new Map() }; // of the open conversation's attachments, by id

export const cachedContent = (id) => contents.blobs.get(id)?.catch(() => null) ?? null;

const contentOf = ({ id, content }, conversation) => {
  if (content) return Promise.resolve(content);
  if (contents.of !== conversation) Object.assign(contents, { of: conversation, blobs: new Map() });
  const { blobs } = contents;
  if (!blobs.has(id)) {
    blobs.set(id, fetchBlob(`conversations/${conversation}/attachments/${id}`));
    blobs.get(id).catch(() => blobs.delete(id));
  }
  return blobs.get(id);
};

const image = (name, content) => {
  const made = Object.assign(document.createElement("img"), { alt: name, src: URL.createObjectURL(content) });
  made.addEventListener("load", () => URL.revokeObjectURL(made.src), { once: true });
  return made;
};

// Of a document whose text was read, only the text is there.
const CONVERTED = /\.(docx|xls[xmb]?|ods|pptx|epub|x?html?|ipynb)$/i;
const savedName = ({ name, kind }) => (kind === "text" && CONVERTED.test(name) ? `${name}.md` : name);

// A PDF opens in the browser's own viewer; images and text in front of the page.
const openAttachment = async (file, conversation) => {
  const content = await contentOf(file, conversation).catch(() => null);
  if (!content) return;
  if (file.kind === "document") { hand(content, { target: "_blank" }); return; }
  const head = make("div", "head");
  head.append(make("span", "name", file.name));
  head.append(button("save", t("files.save"), () => hand(content, { download: savedName(file) })));
  const viewer = dialog("viewer", head, file.kind === "picture" ? image(file.name, content) : make("pre", "", await content.text()));
  head.append(viewer.querySelector(".close"));
  viewer.addEventListener("close", () => viewer.remove());
  find(".gradio-container").append(viewer); // where the theme's colours are
  viewer.showModal();
};

const extent = ({ pages, size }) =>
  pages ? t("files.pages", { count: pages }) : t("files.size", { size: Math.max(1, Math.round(size / 1000)) });

export const thumbnail = (file, conversation) => {
  const made = button(`file ${file.kind}`, file.name, () => openAttachment(file, conversation), "");
  const describe = () => made.append(make("span", "name", file.name), make("span", "detail", extent(file)));
  if (file.kind !== "picture") describe();
  else contentOf(file, conversation).then((content) => made.append(image(file.name, content)), describe);
  return made;
};
