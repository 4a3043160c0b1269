"""The text that stands for an attachment in a prompt: the file's text in a fence, or a note that it is not shown."""

import re
from collections.abc import Mapping

from chatbot.types import Attachment, AttachmentForm, FileContent, ModelProfile, SentAttachment

LANGUAGE = re.compile(
    r"\.(?!(?:pdf|do[ct][xm]|xls[xmb]?|xlt[xm]|ods|p[op][ts][xm]|epub|x?html?|ipynb)$)([a-z0-9+#]{1,12})$", re.I
)
"""The fence's language is the name's extension; the text of a document has none."""
FENCE = re.compile("`{3,}")


def attachment_form(attachment: Attachment, profile: ModelProfile) -> AttachmentForm:
    """The form in which a model is sent the attachment. An image goes out whole unless the model is known not to read
    images; a PDF goes out whole only if the model is known to read PDFs."""
    if attachment.is_image:
        return "name" if profile.reads_images is False else "whole"
    if attachment.is_document and profile.reads_documents:
        return "whole"
    return "text" if attachment.text_size else "name"


def attachment_text(sent: SentAttachment, files: Mapping[str, FileContent]) -> str:
    """The file's text in a fence under its name; a note instead if only the name is sent, or the content is lost."""
    attachment, file = sent.attachment, files.get(sent.attachment.attachment_id)
    if sent.form == "name" or file is None:
        return f"[The file “{attachment.name}” was attached here. You are not shown it.]"
    return fence_text(attachment.name, file.text)


def fence_text(name: str, text: str) -> str:
    """`text` as a Markdown code block under its name. The fence is longer than any in the text, so that the text cannot
    end the block and speak for the visitor."""
    fence = "`" * (1 + max([2, *map(len, FENCE.findall(text))]))
    language = LANGUAGE.search(name)
    ending = "" if text.endswith("\n") else "\n"
    return f"{name}:\n{fence}{language[1].lower() if language else ''}\n{text}{ending}{fence}"
