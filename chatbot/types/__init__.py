"""The values that travel between the parts: what is said, by whom, and how an answer went. All frozen."""

from chatbot.types.attachments import NOBODY_KNOWS, Attachment, Enclosed, File, Form, MediaType, Reads
from chatbot.types.completions import (
    Choice,
    Completion,
    Delta,
    Effort,
    Finish,
    FinishReason,
    Message,
    Options,
    Request,
    Role,
    Usage,
)
from chatbot.types.conversations import Conversation, Fault, Seen, Status, StoredMessage, Timing
from chatbot.types.provider_names import PROVIDER_NAMES, Added, BuiltIn, ProviderName
from chatbot.types.unicode import clean

__all__ = [
    "NOBODY_KNOWS",
    "PROVIDER_NAMES",
    "Added",
    "Attachment",
    "BuiltIn",
    "Choice",
    "Completion",
    "Conversation",
    "Delta",
    "Effort",
    "Enclosed",
    "Fault",
    "File",
    "Finish",
    "FinishReason",
    "Form",
    "MediaType",
    "Message",
    "Options",
    "ProviderName",
    "Reads",
    "Request",
    "Role",
    "Seen",
    "Status",
    "StoredMessage",
    "Timing",
    "Usage",
    "clean",
]
