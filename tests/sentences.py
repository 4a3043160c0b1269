"""What the app may say of failures: one example of each sentence."""

import ast
from collections.abc import Iterator

from chatbot.attachments import pdf
from chatbot.attachments.prepare import UNKNOWN
from chatbot.errors import (
    ChatbotError,
    InvalidAttachment,
    ModelNotLoaded,
    ProviderError,
    RateLimited,
    SettingsError,
    TooManyMessages,
)
from chatbot.providers.local.llama_server import CLOSED
from chatbot.providers.local.weights import HUB_CAUSES
from chatbot.replies.limits import KEPT
from chatbot.replies.turns import NO_PICTURES, NO_TEXT, TOO_MUCH
from chatbot.storage import attachment_memory as enclosures
from chatbot.web.middleware.body_limits import CROWDED, STALLED
from tests.running import ROOT

TEMPLATES = (NO_PICTURES, NO_TEXT, TOO_MUCH, UNKNOWN, pdf.BROKEN, *pdf.REASONS.values(), enclosures.FULL)
SAMPLES = {"name": "notes.txt", "model": "gpt-6-luna", "size": 30.0, "most": 20.0}
REFUSED_UNREAD = {
    "The body is larger than 1 MiB.",
    "This file is larger than the 20 MB that are allowed here.",
    *(f"{sentence}." for sentence in (CROWDED, STALLED)),
}


def said_of_failures() -> set[str]:
    """All of them, but for those of the start, which only a terminal shows."""
    kinds = [kind for kind in _subclasses(ChatbotError) if not issubclass(kind, SettingsError)]
    plain = {str(kind("OpenAI") if issubclass(kind, ProviderError) else kind()) for kind in kinds}
    waits = {str(RateLimited("OpenAI", retry_after=seconds)) for seconds in (3, 40, 600, 90_000)}
    waits.add(str(TooManyMessages(retry_after=40)))
    rescued = {
        str(RateLimited("Embedded model").with_alternatives(labels))
        for labels in (["Hugging Face"], ["OpenAI", "Hugging Face"])
    }
    composed = {template.format(**SAMPLES) for template in TEMPLATES} | {enclosures.NOT_THERE, KEPT}
    names = {kind.__name__ for kind in kinds}
    hub = (cause.format(repo="owner/repo", file="model.gguf") for cause in HUB_CAUSES.values())
    causes = {str(ModelNotLoaded(cause=cause)) for cause in ("it is no model.", CLOSED, *hub, *_causes())}
    return plain | waits | rescued | composed | causes | REFUSED_UNREAD | set(_raised(names))


def _subclasses(kind: type[ChatbotError]) -> Iterator[type[ChatbotError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _subclasses(each)


def _raised(names: set[str]) -> Iterator[str]:
    """The sentences that are written where they are raised."""
    for call, name in _calls():
        if name in names and call.args:
            yield from _written(call.args[0])


def _causes() -> Iterator[str]:
    """Why the embedded model could not be loaded."""
    for call, name in _calls():
        if name == ModelNotLoaded.__name__:
            yield from _written(call.keywords[0].value)


def _calls() -> Iterator[tuple[ast.Call, str]]:
    for path in (ROOT / "chatbot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node, node.func.id


def _written(text: ast.expr) -> Iterator[str]:
    """The text, if it stands there."""
    match text:
        case ast.Constant(str(sentence)):
            yield sentence
        case ast.JoinedStr(parts):
            yield "".join(map(_example, parts))


def _example(part: ast.expr) -> str:
    """A part of an f-string: its text, another error's sentence, or any value."""
    match part:
        case ast.Constant(text):
            return str(text)
        case ast.FormattedValue(ast.Name("error")):
            return InvalidAttachment.sentence
    return "7"
