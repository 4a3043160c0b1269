"""The wire format of Anthropic's Messages API."""

from uuid import uuid4

from tests.fake_upstream.answers import Answer, Chunk, Json, Kind, text_of
from tests.fake_upstream.dialect import ApiError, Dialect, Speech, encode

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
    "tool_calls": "tool_use",
}
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_MODELS = (
    ("claude-opus-5-5", "Claude Opus 5.5", "opus", 1_000_000, 128_000),
    ("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", 1_000_000, 128_000),
    ("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", 200_000, 64_000),
)
_SIGNATURE = "c2lnbmF0dXJl"


class AnthropicSpeech(Speech):
    """One message: a thinking block and a text block, each only if it has content."""

    def __init__(self, model: str, answer: Answer, *, usage: bool) -> None:
        super().__init__(model, answer)
        self._usage = usage
        self._id = f"msg_{uuid4().hex}"
        self._blocks = 0
        self._open: Kind | None = None

    def opening(self) -> bytes:
        """Returns `message_start`: the message without content."""
        message = self._message([], stop_reason=None, output_tokens=1)
        return _event("message_start", {"message": message})

    def piece(self, piece: Chunk) -> bytes:
        """Returns a delta, after the start of its block if it is the block's first."""
        return self._switch_to(piece.kind) + self._delta(_delta_of(piece))

    def closing(self) -> bytes:
        """Returns the end of the last block, the stop reason with the usage, and the end of the message."""
        delta = {"stop_reason": self._stop_reason, "stop_sequence": None, "stop_details": self._stop_details}
        end: Json = {"delta": delta}
        if self._usage:
            end["usage"] = self._token_usage(len(self.answer.pieces))
        return self._close_block() + _event("message_delta", end) + _event("message_stop", {})

    def whole(self, *, finished: bool) -> Json:
        """Returns the message object."""
        content: list[Json] = []
        if thinking := self.answer.text("reasoning"):
            content.append({"type": "thinking", "thinking": thinking, "signature": _SIGNATURE})
        if text := self.answer.text("text"):
            content.append({"type": "text", "text": text, "citations": None})
        stop_reason = self._stop_reason if finished else None
        return self._message(content, stop_reason=stop_reason, output_tokens=len(self.answer.pieces))

    def _switch_to(self, kind: Kind) -> bytes:
        if self._open == kind:
            return b""
        before = self._close_block()
        first = self._blocks == 0
        self._open = kind
        self._blocks += 1
        block = (
            {"type": "text", "text": ""} if kind == "text" else {"type": "thinking", "thinking": "", "signature": ""}
        )
        start = _event("content_block_start", {"index": self._blocks - 1, "content_block": block})
        return before + start + (_event("ping", {}) if first else b"")

    def _close_block(self) -> bytes:
        if self._open is None:
            return b""
        signed = self._delta({"type": "signature_delta", "signature": _SIGNATURE}) if self._open == "reasoning" else b""
        self._open = None
        return signed + _event("content_block_stop", {"index": self._blocks - 1})

    def _delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", {"index": self._blocks - 1, "delta": delta})

    def _message(self, content: list[Json], *, stop_reason: str | None, output_tokens: int) -> Json:
        message: Json = {
            "model": self.model,
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "stop_details": self._stop_details if stop_reason else None,
        }
        return message | {"usage": self._token_usage(output_tokens)} if self._usage else message

    @property
    def _stop_reason(self) -> str:
        return _STOP_REASONS.get(self.answer.finish_reason, self.answer.finish_reason)

    @property
    def _stop_details(self) -> Json | None:
        if self._stop_reason != "refusal":
            return None
        return {"type": "refusal", "category": "general_harms", "explanation": None}

    def _token_usage(self, output_tokens: int) -> Json:
        return {
            "input_tokens": self.answer.input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "output_tokens_details": {"thinking_tokens": min(self.answer.reasoning_tokens, output_tokens)},
            "service_tier": "standard",
        }


class AnthropicDialect(Dialect):
    """Anthropic's messages, list of models and errors."""

    request_id_header = "request-id"

    def speech(self, body: Json, answer: Answer, *, drop_usage: bool) -> AnthropicSpeech:
        """Returns a message; its usage is included unless dropped."""
        return AnthropicSpeech(body["model"], answer, usage=not drop_usage)

    def models(self) -> Json:
        """Returns Anthropic's list of models, with their token limits."""
        listed = [
            {
                "type": "model",
                "id": name,
                "display_name": label,
                "created_at": "2026-10-01T00:00:00Z",
                "lifecycle": "active",
                "deprecated_at": None,
                "retires_at": None,
                "line": line,
                "max_input_tokens": reads,
                "max_tokens": writes,
                "capabilities": None,
            }
            for name, label, line, reads, writes in _MODELS
        ]
        return {"data": listed, "has_more": False, "first_id": _MODELS[0][0], "last_id": _MODELS[-1][0]}

    def problem(self, body: Json) -> ApiError | None:
        """Returns the error if a field is missing or Anthropic refuses the messages."""
        for required in ("model", "max_tokens", "messages"):
            if required not in body:
                return ApiError(400, f"{required}: Field required")
        message = _problem_of_messages(body["messages"])
        return ApiError(400, message) if message else None

    def error(self, error: ApiError) -> Json:
        """Returns the error body; the type depends on the status."""
        default = "api_error" if error.status >= 500 else "invalid_request_error"
        kind = error.type or _ERROR_TYPES.get(error.status, default)
        return {
            "type": "error",
            "error": {"type": kind, "message": error.message},
            "request_id": f"req_{uuid4().hex}",
        }

    def error_event(self, error: ApiError) -> bytes:
        """Returns the `error` event."""
        return b"event: error\ndata: " + encode(self.error(error)) + b"\n\n"

    def refused(self, parameter: str, value: object) -> ApiError:
        """Returns the error for a deprecated or unknown parameter."""
        if parameter in {"temperature", "top_p", "top_k"}:
            return ApiError(400, f"`{parameter}` is deprecated for this model.")
        return ApiError(400, f"{parameter}: Extra inputs are not permitted")

    def too_long(self, tokens: int, limit: int) -> ApiError:
        """Returns the error for a prompt that is too long; only its message differs from other errors."""
        return ApiError(400, f"prompt is too long: {tokens} tokens > {limit} maximum")

    def wrong_key(self, key: str) -> ApiError:
        """Returns an error that contains the key, as some proxies do; Anthropic's own errors do not."""
        return ApiError(401, f"invalid x-api-key: {key}")


def _delta_of(piece: Chunk) -> Json:
    if piece.kind == "text":
        return {"type": "text_delta", "text": piece.text}
    return {"type": "thinking_delta", "thinking": piece.text}


def _problem_of_messages(messages: list[Json]) -> str | None:
    if not messages:
        return "messages: at least one message is required"
    for index, message in enumerate(messages):
        if message.get("role") not in {"user", "assistant"}:
            return (
                f'messages: Unexpected role "{message.get("role")}". The Messages API accepts a top-level '
                '`system` parameter, not "system" as an input message role.'
            )
        if not text_of(message.get("content")).strip():
            return f"messages.{index}: all messages must have non-empty content"
    if messages[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    if messages[-1]["role"] == "assistant":
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    return None


def _event(name: str, value: Json) -> bytes:
    return f"event: {name}\n".encode() + b"data: " + encode({"type": name} | value) + b"\n\n"
