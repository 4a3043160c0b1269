"""Files that come with messages, and how a model is sent them."""

from dataclasses import dataclass, field
from typing import Literal

MediaType = Literal["image/png", "image/jpeg", "application/pdf", "text/plain"]
"""What files that come with messages are kept as. All text is plain text, in UTF-8."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, without its content. `attachment_id` is the content's SHA-256 and `size` its
    bytes; `width` and `height` are a picture's pixels, `pages` a PDF's, `text_size` the bytes of the text in it, as
    UTF-8."""

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
        """Whether it is a picture."""
        return self.media_type.startswith("image/")

    @property
    def is_document(self) -> bool:
        """Whether it is a PDF."""
        return self.media_type == "application/pdf"


@dataclass(frozen=True, slots=True)
class FileContent:
    """An attachment's content, and the text in it: all of a text file, what a PDF's pages say, none of a picture."""

    content: bytes = field(repr=False)
    text: str = field(default="", repr=False)


AttachmentForm = Literal["whole", "text", "name"]
"""How a model is sent an attachment: as the file that it is, as the text in it, or, left out, by its name alone."""


@dataclass(frozen=True, slots=True)
class SentAttachment:
    """An attachment, and how a model is sent it."""

    attachment: Attachment
    form: AttachmentForm


@dataclass(frozen=True, slots=True)
class FileSupport:
    """Which files a model reads as they are. Text it always reads. None: nobody knows."""

    pictures: bool | None = None
    documents: bool | None = None


UNKNOWN_SUPPORT = FileSupport()
