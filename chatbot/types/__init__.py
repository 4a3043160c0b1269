"""The values that travel between the packages: messages, attachments, answers and how they ended. All are frozen."""

from chatbot.types.attachments import Attachment, AttachmentForm, FileContent, MediaType, SentAttachment
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
from chatbot.types.conversations import Conversation, Fault, QueuedMessage, SentContext, Status, StoredMessage, Timing
from chatbot.types.memory import MemorySwitches, Note, NoteSource, Passage, SentMemory, SentNote, SentSummary, Summary
from chatbot.types.model_profile import ModelProfile
from chatbot.types.provider_names import PROVIDER_NAMES, BuiltInName, FoundName, ProviderName, RegisteredName
from chatbot.types.unicode import clean, cut

__all__ = [
    "PROVIDER_NAMES",
    "Attachment",
    "AttachmentForm",
    "BuiltInName",
    "Completion",
    "Conversation",
    "Delta",
    "Effort",
    "Fault",
    "FileContent",
    "Finish",
    "FinishReason",
    "FoundName",
    "MediaType",
    "MemorySwitches",
    "Message",
    "ModelChoice",
    "ModelProfile",
    "Note",
    "NoteSource",
    "Options",
    "Passage",
    "ProviderName",
    "QueuedMessage",
    "RegisteredName",
    "Request",
    "Role",
    "SentAttachment",
    "SentContext",
    "SentMemory",
    "SentNote",
    "SentSummary",
    "Status",
    "StoredMessage",
    "Summary",
    "Timing",
    "Usage",
    "clean",
    "cut",
]
