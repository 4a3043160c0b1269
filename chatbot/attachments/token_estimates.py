"""Estimates how many tokens an attachment takes, rather too many than too few."""

from math import ceil

from chatbot.types import Attachment, ModelProfile, SentAttachment

TOKENS_PER_IMAGE = 100
"""On top of an image's patches."""
TOKENS_PER_PAGE = 1600
"""A PDF's page is sent as an image beside its text: Anthropic's guide says 1,500 to 3,000 for both."""
BYTES_PER_TOKEN = 3
TOKENS_PER_NAME = 40


def attachment_tokens(sent: SentAttachment, profile: ModelProfile) -> int:
    """The tokens of an attachment in the form in which it is sent."""
    attachment = sent.attachment
    if sent.form == "name":
        return TOKENS_PER_NAME
    text_tokens = attachment.text_size // BYTES_PER_TOKEN + TOKENS_PER_NAME
    if sent.form == "text":
        return text_tokens
    if attachment.is_image:
        return _image_tokens(attachment, profile)
    return text_tokens + attachment.pages * TOKENS_PER_PAGE


def _image_tokens(image: Attachment, profile: ModelProfile) -> int:
    patches = ceil(image.width / profile.patch_pixels) * ceil(image.height / profile.patch_pixels)
    return ceil(patches * profile.tokens_per_patch) + TOKENS_PER_IMAGE
