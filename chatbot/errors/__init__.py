"""Everything that can go wrong, as one tree. A person reads the sentence, a program reads the code.

ChatbotError
├── SettingsError              a variable or flag that cannot be used; ends the start
├── Unauthorized               401  no session, or not a genuine one
├── NotFound                   404  no such conversation in this session
├── Busy                       409  the conversation already has an answer under way
├── InvalidMessage             422  empty, or too long, or asked for with impossible settings
├── InvalidFile                422  not a conversation that was exported here
├── InvalidAttachment          422  a file that no model could be sent
├── TooLarge                   413  a file, or all of a session's together
├── TooManyMessages            429  in a minute; waiting helps
├── TooManyAnswers             429  at once, in one session
├── AllowanceSpent             429  today's tokens on the operator's keys
├── TooManyConversations       409  in one session; deleting some helps
├── Full                       503  as many sessions as there may be
├── NoProvider                 503  nothing is configured that could answer
├── StorageError               500  the disk refused
├── Closing                    503  retryable: the app is about to end
└── ProviderError              502  the model's side failed; says whose, and what to do
    ├── InvalidKey             502
    ├── PermissionDenied       502
    ├── UnknownModel           502
    ├── WrongAddress           502
    ├── QuotaExhausted         502
    ├── RateLimited            502  retryable, maybe after a while
    ├── ContextOverflow        502
    ├── RequestRefused         502
    │   └── FilesRefused       502  files came with it
    ├── BadAnswer              502  retryable: not the protocol we speak, or nothing at all
    ├── EmptyAnswer            502  retryable: an end without a word
    ├── CutOff                 502  retryable: the stream ended before the answer did
    ├── Unavailable            503  retryable: unreachable
    │   └── OutOfOrder         503  retryable: there, but overloaded or out of order
    ├── ModelNotLoaded         503  the embedded model
    └── ProviderTimeout        504  retryable: silence

The sentences are ours. What a provider wrote is never shown, logged or stored: it can contain keys and prompts.
"""

from chatbot.errors.base import (
    Busy,
    ChatbotError,
    DailyLimitReached,
    InvalidAttachment,
    InvalidFile,
    InvalidMessage,
    NoProvider,
    NotFound,
    SettingsError,
    ShuttingDown,
    StorageError,
    TooLarge,
    TooManyAnswers,
    TooManyConversations,
    TooManyMessages,
    TooManySessions,
    Unauthorized,
)
from chatbot.errors.provider import (
    ContextOverflow,
    EmptyAnswer,
    FilesRefused,
    InvalidKey,
    ModelNotLoaded,
    Overloaded,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    StreamCutOff,
    Unavailable,
    UnknownModel,
    UnreadableAnswer,
    WrongBaseUrl,
)

__all__ = [
    "Busy",
    "ChatbotError",
    "ContextOverflow",
    "DailyLimitReached",
    "EmptyAnswer",
    "FilesRefused",
    "InvalidAttachment",
    "InvalidFile",
    "InvalidKey",
    "InvalidMessage",
    "ModelNotLoaded",
    "NoProvider",
    "NotFound",
    "Overloaded",
    "PermissionDenied",
    "ProviderError",
    "ProviderTimeout",
    "QuotaExhausted",
    "RateLimited",
    "RequestRefused",
    "SettingsError",
    "ShuttingDown",
    "StorageError",
    "StreamCutOff",
    "TooLarge",
    "TooManyAnswers",
    "TooManyConversations",
    "TooManyMessages",
    "TooManySessions",
    "Unauthorized",
    "Unavailable",
    "UnknownModel",
    "UnreadableAnswer",
    "WrongBaseUrl",
]
