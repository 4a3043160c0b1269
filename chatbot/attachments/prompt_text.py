"""What a model is told of a file in words: its text under its name, or that it is not shown."""

import re
from collections.abc import Mapping

from chatbot.types import Attachment, AttachmentForm, FileContent, FileSupport, SentAttachment

LANGUAGE = re.compile(r"\.(?!pdf$)([a-z0-9+#]{1,12})$", re.I)
"""A name's ending tells the language, but for a PDF, whose text is plain."""
FENCE = re.compile("`{3,}")


def attachment_form(attachment: Attachment, reads: FileSupport) -> AttachmentForm:
    """How a model that reads such files is sent this one. A picture goes out whole where nobody knows, since there is
    nothing else to send; a PDF goes out whole only where it is known to be read."""
    if attachment.is_image:
        return "name" if reads.pictures is False else "whole"
    if attachment.is_document and reads.documents:
        return "whole"
    return "text" if attachment.text_size else "name"


def attachment_text(enclosed: SentAttachment, files: Mapping[str, FileContent]) -> str:
    """The file's text between fences, under its name; of one that goes out by name, or that is lost, a note."""
    attachment, file = enclosed.attachment, files.get(enclosed.attachment.attachment_id)
    if enclosed.form == "name" or file is None:
        return f"[The file “{attachment.name}” was attached here. You are not shown it.]"
    return fence_text(attachment.name, file.text)


def fence_text(name: str, text: str) -> str:
    """`text` as a block of code in Markdown, under its name. Its fence is longer than any in the text, which so cannot
    end the block and speak for the visitor."""
    fence = "`" * (1 + max([2, *map(len, FENCE.findall(text))]))
    language = LANGUAGE.search(name)
    ending = "" if text.endswith("\n") else "\n"
    return f"{name}:\n{fence}{language[1].lower() if language else ''}\n{text}{ending}{fence}"
