"""Records of servers' own protocols, as chunks of Chat Completions.

An address that ends at another path leads to such a protocol, and gateways pass on what the server behind them sends.
"""

from collections.abc import Mapping
from typing import Any

from chatbot.providers.refusals import SUCCESS, as_mapping

Json = Mapping[str, Any]

WRAPPERS = ("data", "result", "output", "response")
"""Fields in which gateways put a whole chunk."""


def as_chunk(record: Json) -> Json:
    """The record as a chunk. What is a chunk already, or of no protocol that is known here, stays as it is."""
    status = as_mapping(record.get("base_resp"))
    if status.get("status_code", 0) not in SUCCESS:
        return {"error": status}  # MiniMax's
    if "choices" in record:
        return record
    for wrapper in WRAPPERS:
        inner = as_mapping(record.get(wrapper))
        if "choices" in inner or isinstance(inner.get("response"), str):
            return as_chunk({name: value for name, value in record.items() if name != wrapper} | dict(inner))
    for translate in (_ollama, _tgi, _gemini, _responses, _cohere, _text_and_end):
        if (chunk := translate(record)) is not None:
            return chunk
    return record


def _chunk(delta: object, finish: object = None, usage: object = None) -> Json:
    return {"choices": [{"delta": delta, "finish_reason": finish}], "usage": usage}


def _usage(counts: Json, read: str, written: str) -> Json:
    return {"prompt_tokens": counts.get(read), "completion_tokens": counts.get(written)}


def _ollama(record: Json) -> Json | None:
    """Ollama's /api/chat and /api/generate; Cloudflare's Workers AI has `response` alone."""
    message, response, done = as_mapping(record.get("message")), record.get("response"), record.get("done")
    if not (isinstance(done, bool) or isinstance(response, str)) or record.get("error"):
        return None
    delta = message or {"content": response, "thinking": record.get("thinking")}
    finish = (record.get("done_reason") or "stop") if done else None
    return _chunk(delta, finish, _usage(record, "prompt_eval_count", "eval_count"))


def _tgi(record: Json) -> Json | None:
    """Text Generation Inference's /generate_stream and /generate."""
    token, details = record.get("token"), as_mapping(record.get("details"))
    if isinstance(token, Mapping):
        text = "" if token.get("special") else token.get("text")
        return _chunk({"content": text}, details.get("finish_reason"))
    if isinstance(text := record.get("generated_text"), str):
        return _chunk({"content": text}, details.get("finish_reason") or "stop")
    return None


def _gemini(record: Json) -> Json | None:
    """Gemini's streamGenerateContent."""
    usage = _usage(as_mapping(record.get("usageMetadata")), "promptTokenCount", "candidatesTokenCount")
    if blocked := as_mapping(record.get("promptFeedback")).get("blockReason"):
        return {"error": {"code": "content_filter", "reason": blocked}}
    candidates = record.get("candidates")
    if not isinstance(candidates, list):
        return None
    candidate = as_mapping(next(iter(candidates), None))
    parts = as_mapping(candidate.get("content")).get("parts")
    content = [
        {"type": "reasoning" if as_mapping(part).get("thought") else "text", "text": as_mapping(part).get("text")}
        for part in (parts if isinstance(parts, list) else ())
    ]
    return _chunk({"content": content}, candidate.get("finishReason"), usage)


RESPONSES_DELTAS = {
    "output_text.delta": "content",
    "reasoning_summary_text.delta": "reasoning",
    "reasoning_text.delta": "reasoning",
    "refusal.delta": "refusal",
}


def _responses(record: Json) -> Json | None:
    """OpenAI's Responses."""
    kind = str(record.get("type")).removeprefix("response.")
    if kind in RESPONSES_DELTAS:
        return _chunk({RESPONSES_DELTAS[kind]: record.get("delta")})
    response = as_mapping(record.get("response"))
    if kind == "failed":
        return {"error": response.get("error") or kind}
    if kind in ("completed", "incomplete"):
        reason = as_mapping(response.get("incomplete_details")).get("reason") or kind
        return _chunk({}, reason, _usage(as_mapping(response.get("usage")), "input_tokens", "output_tokens"))
    return None


TEXT_AND_END = (("content", "stop"), ("result", "is_end"), ("text", "is_finished"), ("completion", "stop_reason"))
"""The fields of the text, and of the mark of the last record: llama.cpp's, Baidu's, Cohere's, Anthropic's old ones."""


def _text_and_end(record: Json) -> Json | None:
    """Protocols of which each record has a text, and says whether it is the last."""
    for text, end in TEXT_AND_END:
        is_last = record.get(end)
        if end in record and (text in record or is_last is True) and isinstance(content := record.get(text, ""), str):
            is_full = record.get("stopped_limit") is True or record.get("stop_type") == "limit"
            stop = is_last if isinstance(is_last, str) else "length" if is_full else "stop"
            finish = record.get("finish_reason") or stop
            usage = record.get("usage") or _usage(record, "tokens_evaluated", "tokens_predicted")
            return _chunk({"content": content}, finish if is_last else None, usage)
    return None


def _cohere(record: Json) -> Json | None:
    """Cohere's chat of version 2."""
    delta = as_mapping(record.get("delta"))
    if record.get("type") == "content-delta":
        return _chunk({"content": [as_mapping(delta.get("message")).get("content")]})
    if record.get("type") == "message-end":
        return _chunk({}, delta.get("finish_reason"), as_mapping(delta.get("usage")).get("tokens"))
    return None
