"""The values that travel between the parts: what is said, by whom, and how an answer went. All frozen."""

from chatbot.types.attachments import (
    UNKNOWN_SUPPORT,
    Attachment,
    AttachmentForm,
    FileContent,
    FileSupport,
    MediaType,
    SentAttachment,
)
from chatbot.types.completions import (
    Completion,
    Delta,
    Effort,
    Finish,
    FinishReason,
    Message,
    ModelChoice,
    Options,
    Request,
    Role,
    Usage,
)
from chatbot.types.conversations import Conversation, Fault, SentContext, Status, StoredMessage, Timing
from chatbot.types.provider_names import PROVIDER_NAMES, BuiltInName, ProviderName, RegisteredName
from chatbot.types.unicode import clean

__all__ = [
    "PROVIDER_NAMES",
    "UNKNOWN_SUPPORT",
    "Attachment",
    "AttachmentForm",
    "BuiltInName",
    "Completion",
    "Conversation",
    "Delta",
    "Effort",
    "Fault",
    "FileContent",
    "FileSupport",
    "Finish",
    "FinishReason",
    "MediaType",
    "Message",
    "ModelChoice",
    "Options",
    "ProviderName",
    "RegisteredName",
    "Request",
    "Role",
    "SentAttachment",
    "SentContext",
    "Status",
    "StoredMessage",
    "Timing",
    "Usage",
    "clean",
]
