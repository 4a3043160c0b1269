"""Attachments of messages, and the form in which a model is sent them."""

from dataclasses import dataclass, field
from typing import Literal

MediaType = Literal["image/png", "image/jpeg", "application/pdf", "text/plain"]
"""The types that attachments are stored as. All text is stored as plain text in UTF-8."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment without its content. `attachment_id` is the SHA-256 of the content and `size` its bytes; `width`
    and `height` are an image's pixels, `pages` a PDF's; `text_size` is how many bytes of UTF-8 the text in it has."""

    attachment_id: str
    name: str
    media_type: MediaType
    size: int
    width: int = 0
    height: int = 0
    pages: int = 0
    text_size: int = 0

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def is_document(self) -> bool:
        """Whether it is a PDF."""
        return self.media_type == "application/pdf"


@dataclass(frozen=True, slots=True)
class FileContent:
    """An attachment's bytes, and the text in them: all of a text file, the text of a PDF's pages, none of an image."""

    content: bytes = field(repr=False)
    text: str = field(default="", repr=False)


AttachmentForm = Literal["whole", "text", "name"]
"""How a model is sent an attachment: as the file itself, as the text in it, or left out with only its name."""


@dataclass(frozen=True, slots=True)
class SentAttachment:
    """An attachment, and the form in which a model is sent it."""

    attachment: Attachment
    form: AttachmentForm
