"""About how many tokens a file is, rather too many than too few."""

from math import ceil

from chatbot.types import Attachment, ProviderName, SentAttachment

PATCHES: dict[ProviderName, tuple[int, float]] = {
    "openai": (32, 1.62),
    "anthropic": (28, 1.0),
    "huggingface": (28, 1.0),
    "compatible": (28, 1.0),
    "local": (28, 1.0),
}
"""Pixels of the edge of a square that models see at once, and tokens for each: from OpenAI's and Anthropic's guides to
images (OpenAI's figure is that of its small models; the others take fewer), and Qwen's for the open models."""

TOKENS_PER_PICTURE = 100
"""What comes on top of each."""
TOKENS_PER_PAGE = 1600
"""A page of a PDF is sent as a picture too, beside its text: Anthropic's guide has 1,500 to 3,000 for both."""
BYTES_PER_TOKEN = 3
TOKENS_PER_NAME = 40


def file_tokens(enclosed: SentAttachment, provider: ProviderName) -> int:
    """The tokens of a file in the form in which it is sent."""
    attachment = enclosed.attachment
    if enclosed.form == "name":
        return TOKENS_PER_NAME
    words = attachment.text_size // BYTES_PER_TOKEN + TOKENS_PER_NAME
    if enclosed.form == "text":
        return words
    return _picture_tokens(attachment, provider) if attachment.is_image else words + attachment.pages * TOKENS_PER_PAGE


def _picture_tokens(picture: Attachment, provider: ProviderName) -> int:
    edge, tokens = PATCHES[provider]
    return ceil(ceil(picture.width / edge) * ceil(picture.height / edge) * tokens) + TOKENS_PER_PICTURE
