"""The wire format of OpenAI's chat completions, which compatible servers use too."""

import time
from uuid import uuid4

from tests.fake_upstream.answers import Answer, Chunk, Json
from tests.fake_upstream.dialect import ApiError, Dialect, Speech, encode

_FINISH_REASONS = {
    "end_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}
_MODELS = ("gpt-6", "gpt-6-luna", "gpt-6-sol")


class OpenAISpeech(Speech):
    """One chat completion."""

    def __init__(self, model: str, answer: Answer, *, usage: bool) -> None:
        super().__init__(model, answer)
        self._usage = usage
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())

    def opening(self) -> bytes:
        """Returns the first chunk, which has only the role."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def piece(self, piece: Chunk) -> bytes:
        """Returns a chunk with one token; the reasoning field is that of compatible servers."""
        return self._chunk({"content" if piece.kind == "text" else "reasoning_content": piece.text})

    def closing(self) -> bytes:
        """Returns the finish reason, the usage if requested, and the end of the stream."""
        end = self._chunk({}, finish_reason=self._finish_reason)
        if self._usage:
            end += _event(self._envelope("chat.completion.chunk") | {"choices": [], "usage": self._token_usage})
        return end + b"data: [DONE]\n\n"

    def whole(self, *, finished: bool) -> Json:
        """Returns a chat completion object."""
        message: Json = {"role": "assistant", "content": self.answer.text("text"), "refusal": None}
        if self.answer.reasoning_tokens:
            message["reasoning_content"] = self.answer.text("reasoning")
        finish_reason = self._finish_reason if finished else None
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        completion = self._envelope("chat.completion") | {"choices": [choice]}
        return completion | {"usage": self._token_usage} if self._usage else completion

    @property
    def _finish_reason(self) -> str:
        return _FINISH_REASONS.get(self.answer.finish_reason, self.answer.finish_reason)

    @property
    def _token_usage(self) -> Json:
        output = len(self.answer.pieces)
        return {
            "prompt_tokens": self.answer.input_tokens,
            "completion_tokens": output,
            "total_tokens": self.answer.input_tokens + output,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.answer.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk = self._envelope("chat.completion.chunk") | {"choices": [choice]}
        # If usage is requested, OpenAI sends a null usage in every chunk before it.
        return _event(chunk | {"usage": None} if self._usage else chunk)

    def _envelope(self, kind: str) -> Json:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": None,
        }


class OpenAIDialect(Dialect):
    """OpenAI's chat completions, list of models and errors."""

    request_id_header = "x-request-id"

    def speech(self, body: Json, answer: Answer, *, drop_usage: bool) -> OpenAISpeech:
        """Returns a chat completion; a stream has usage only if the request asks for it."""
        asked = not body.get("stream") or (body.get("stream_options") or {}).get("include_usage") is True
        return OpenAISpeech(body["model"], answer, usage=asked and not drop_usage)

    def models(self) -> Json:
        """Returns OpenAI's list of models."""
        listed = [{"id": name, "object": "model", "created": 1780000000, "owned_by": "system"} for name in _MODELS]
        return {"object": "list", "data": listed}

    def problem(self, body: Json) -> ApiError | None:
        """Returns the error if the model or the messages are missing."""
        if not isinstance(body.get("model"), str):
            return ApiError(400, "you must provide a model parameter")
        if not body.get("messages"):
            message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
            return ApiError(400, message, code="empty_array", param="messages")
        return None

    def error(self, error: ApiError) -> Json:
        """Returns the error body; `param` and `code` may be null."""
        kind = error.type or ("server_error" if error.status >= 500 else "invalid_request_error")
        return {
            "error": {"message": error.message, "type": kind, "param": error.param, "code": error.code},
        }

    def error_event(self, error: ApiError) -> bytes:
        """Returns an event with the error in place of a chunk."""
        return _event(self.error(error))

    def refused(self, parameter: str, value: object) -> ApiError:
        """Returns the error for an unsupported value or an unsupported or unknown parameter."""
        message, code = (
            f"Unsupported parameter: '{parameter}' is not supported with this model.",
            "unsupported_parameter",
        )
        if parameter in {"temperature", "top_p"}:
            message = (
                f"Unsupported value: '{parameter}' does not support {value} with this model. "
                "Only the default (1) value is supported."
            )
            code = "unsupported_value"
        elif parameter == "max_tokens":
            message += " Use 'max_completion_tokens' instead."
        elif parameter == "stream_options":
            message, code = f"Unknown parameter: '{parameter}'.", "unknown_parameter"
        return ApiError(400, message, code=code, param=parameter)

    def too_long(self, tokens: int, limit: int) -> ApiError:
        """Returns the `context_length_exceeded` error."""
        message = (
            f"This model's maximum context length is {limit} tokens. However, your messages resulted in "
            f"{tokens} tokens. Please reduce the length of the messages."
        )
        return ApiError(400, message, code="context_length_exceeded", param="messages")

    def wrong_key(self, key: str) -> ApiError:
        """Returns an error with the unmasked key, as some compatible servers do."""
        return ApiError(401, f"Incorrect API key provided: {key}.", code="invalid_api_key")


def _event(value: Json) -> bytes:
    return b"data: " + encode(value) + b"\n\n"
