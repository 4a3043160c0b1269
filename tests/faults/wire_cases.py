"""What real servers send, as one table: what a person reads of it, what is stored, and what the next request holds.

Each case is one example of a kind that users of such servers reported; the bytes are made here.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from chatbot.types import FinishReason, ProviderName, Status
from tests.fake_upstream import Scenario

Json = dict[str, Any]
TEXT = "Blue kettle."
HALF = "Half an ans"


@dataclass(frozen=True)
class Case:
    """An answer, how it is read and stored, and what becomes of its turn: it is `said`, its question is `merged` into
    the next one, or the turn is `left_out`."""

    name: str
    upstream: Scenario
    text: str = TEXT
    reasoning: str = ""
    status: Status = "complete"
    finish: FinishReason = "stop"
    sentence: str = ""
    """The key of the text that a person reads, without `failure.`."""
    turn: Literal["said", "merged", "left_out"] = "said"
    tokens: tuple[int | None, int | None] = (None, None)
    """Tokens read and written; None: estimated."""
    provider: ProviderName = "compatible"


def chunk(delta: Any, finish: str | None = None, **fields: Any) -> Json:
    return {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    } | fields


def said(text: str) -> Json:
    return chunk({"content": text})


STOP = chunk({}, "stop")
DONE = "data: [DONE]\n\n"


def records(*values: Json | str) -> str:
    """The records as a stream; a string is there as it is."""
    return "".join(value if isinstance(value, str) else f"data: {json.dumps(value)}\n\n" for value in values)


def stream(*values: Json | str) -> Scenario:
    return Scenario(body=records(*values))


def usage(value: Any) -> Scenario:
    return stream(said(TEXT), STOP, {"choices": [], "usage": value}, DONE)


def message_start(**counts: Any) -> Json:
    return {"type": "message_start", "message": {"role": "assistant", "content": [], "usage": counts or None}}


def block_start(**block: Any) -> Json:
    return {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""} | block}


def block(text: str) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def message_delta(reason: str | None, **counts: Any) -> Json:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": counts}


MESSAGE_STOP = {"type": "message_stop"}


def events(*values: Json) -> str:
    return "".join(f"event: {value['type']}\ndata: {json.dumps(value)}\n\n" for value in values)


def claude(name: str, *values: Json, stays_open: bool = False, **outcome: Any) -> Case:
    return Case(name, Scenario(body=events(*values), stays_open=stays_open), provider="anthropic", **outcome)


def cut(name: str, finish: str, sentence: str) -> Case:
    upstream = stream(said(HALF), chunk({}, finish), DONE)
    return Case(name, upstream, HALF, status="interrupted", finish="interrupted", sentence=sentence)


def failed(name: str, sentence: str, upstream: Scenario, **outcome: Any) -> Case:
    defaults: Json = {"text": "", "status": "failed", "finish": "interrupted", "turn": "merged"}
    return Case(name, upstream, sentence=sentence, **defaults | outcome)


def broken(name: str, sentence: str, *after: Json | str) -> Case:
    upstream = stream(said(HALF), *after)
    return Case(name, upstream, HALF, status="interrupted", finish="interrupted", sentence=sentence)


def refused(name: str, sentence: str, status: int, body: Any, **outcome: Any) -> Case:
    body = body if isinstance(body, str) else json.dumps(body)
    return failed(name, sentence, Scenario(status=status, body=body), **outcome)


def filtered(name: str, status: int, error: Json) -> Case:
    return refused(name, "provider_content_filter", status, {"error": error}, turn="left_out")


GOOD = [said("Blue "), said("kettle."), STOP]

STREAMS = [
    Case("parts of text and of thinking", stream(
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}),
        chunk({"content": [{"type": "text", "text": "Blue "}]}), said("kettle."), STOP, DONE), reasoning="Hm."),
    Case("reasoning and text in one delta", stream(
        chunk({"reasoning_content": "I weigh "}), chunk({"reasoning_content": "it.", "content": "Blue "}),
        said("kettle."), STOP, DONE), reasoning="I weigh it."),
    Case("reasoning under two names", stream(
        chunk({"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]}), *GOOD, DONE),
        reasoning="Hm."),
    Case("reasoning under `thinking`", stream(chunk({"content": "", "thinking": "Hm."}), *GOOD, DONE), reasoning="Hm."),
    Case("a record with retry only", stream("retry: 3000\n\n", *GOOD, DONE)),
    Case("a record with an id and a comment", stream("id: 1\n: ping\n\n", *GOOD, DONE)),
    Case("a record with an event only", stream("event: ping\n\n", *GOOD, DONE)),
    Case("a record with empty data", stream("data:\n\n", "data: \n\n", *GOOD, DONE)),
    Case("a byte order mark", stream("\ufeff", *GOOD, DONE)),
    Case("carriage returns", Scenario(body=records(*GOOD, DONE).replace("\n", "\r"))),
    Case("both line ends", Scenario(body=records(*GOOD, DONE).replace("\n", "\r\n"))),
    Case("no blank lines", Scenario(body=records(*GOOD, DONE).replace("\n\n", "\n"))),
    Case("JSON over two lines", stream(records(said(TEXT)).replace(', "choices', ',\ndata: "choices'), STOP, DONE)),
    Case("no space after the colon", Scenario(body=records(*GOOD, DONE).replace("data: ", "data:"))),
    Case("one JSON object a line", Scenario(body="".join(f"{json.dumps(each)}\n" for each in GOOD))),
    Case("the end in quotes", stream(*GOOD, 'data: "[DONE]"\n\n')),
    Case("the end as a word", stream(*GOOD, "data: done\n\n")),
    Case("nonsense after the end", stream(*GOOD, "data: {nonsense\n\n")),
    Case("open after the end", Scenario(body=records(*GOOD, DONE), stays_open=True)),
    Case("a whole answer in place of a stream", Scenario(body=json.dumps(
        {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}, indent=1))),
    Case("a message in place of a delta", stream({"choices": [{"message": {"content": TEXT}}]}, STOP, DONE)),
    Case("a text in place of a delta", stream({"choices": [{"text": TEXT}]}, STOP, DONE)),
    Case("another choice first", stream({"choices": [{"index": 1, "delta": {"content": "No"}}]}, *GOOD, DONE)),
    Case("text after the finish reason", stream(said("Blue "), STOP, said("kettle."), DONE)),
    Case("no finish reason, but [DONE]", stream(said(TEXT), DONE)),
    Case("no finish reason, but usage", stream(
        said(TEXT), {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}), tokens=(7, 3)),
    *(Case(f"finish reason {reason}", stream(said(TEXT), chunk({}, reason), DONE))
      for reason in ("eos", "eos_token", "end_turn", "COMPLETE", "stop_sequence", "unknown", "not_finished", "eosFound",
                     "stopStringFound", "endoftext", "tool_calls", "succeeded")),
    *(Case(f"finish reason {reason}", stream(said(HALF), chunk({}, reason), DONE), HALF, finish="length")
      for reason in ("model_length", "MAX_TOKENS", "max_output_tokens", "context_length", "maxPredictedTokensReached",
                     "contextLengthReached", "token_limit", "model_context_window_exceeded")),
    *(Case(f"finish reason {reason}", stream(said(HALF), chunk({}, reason), DONE), HALF, finish="content_filter",
           turn="left_out")
      for reason in ("SAFETY", "content_filtered", "content_filter: RECITATION", "sensitive", "guardrail_intervened",
                     "IMAGE_SAFETY", "PROHIBITED_CONTENT", "ERROR_TOXIC")),
    *(cut(f"finish reason {reason}", reason, sentence) for reason, sentence in (
        ("insufficient_system_resource", "provider_unavailable.overloaded"), ("abort", "provider_cut_off"),
        ("cancelled", "provider_cut_off"), ("error", "provider_cut_off"), ("timeout", "provider_timeout"),
        ("network_error", "provider_cut_off"), ("OTHER", "provider_cut_off"), ("incomplete", "provider_cut_off"),
        ("time_limit", "provider_timeout"), ("MALFORMED_FUNCTION_CALL", "provider_bad_answer"),
        ("UNEXPECTED_TOOL_CALL", "provider_bad_answer"), ("modelUnloaded", "provider_unavailable.overloaded"))),
    *(Case(f"usage {value!r:.20}", usage(value)) for value in (
        [{"prompt_tokens": 5}], True, "many", {"prompt_tokens": -4, "completion_tokens": True},
        {"prompt_tokens": 10**30}, {"prompt_tokens": None, "prompt_tokens_details": [1]},
        {"prompt_tokens": float("nan")}, {"prompt_tokens": "7"})),
    Case("usage in floats", usage({"prompt_tokens": 12.0, "completion_tokens": 3.0}), tokens=(12, 3)),
    Case("a number of five thousand digits", stream(
        said(TEXT), STOP, f'data: {{"choices": [], "x": {"9" * 5000}}}\n\n')),
    Case("empty thinking tags", stream(said("<think>\n\n</think>\n\n"), said(TEXT), STOP, DONE)),
    Case("reasoning of white space", stream(chunk({"reasoning_content": " \n"}), *GOOD, DONE)),
    Case("indented code after thinking", stream(said("<think>\nHm.\n</think>\n"), said("    code\n\nIt."), STOP, DONE),
         "    code\n\nIt.", reasoning="\nHm.\n"),
    Case("indented code at the beginning", stream(said("    "), said("code"), STOP, DONE), "    code"),
    failed("an answer of white space", "provider_empty_answer", stream(said("  \n "), STOP, DONE)),
    failed("nothing but [DONE]", "provider_empty_answer", stream(DONE)),
    claude("text in content_block_start", message_start(input_tokens=5), block_start(text="Blue "), block("kettle."),
           message_delta("end_turn", output_tokens=4), MESSAGE_STOP, tokens=(5, 4)),
    claude("no usage at the start", message_start(), block(TEXT), message_delta("end_turn", output_tokens=4),
           MESSAGE_STOP, tokens=(None, 4)),
    claude("usage at the end", message_start(input_tokens=0), block(TEXT),
           message_delta("end_turn", input_tokens=41, output_tokens=6), MESSAGE_STOP, tokens=(41, 6)),
    claude("open after message_stop", block(TEXT), message_delta("end_turn"), MESSAGE_STOP, stays_open=True),
    claude("no message_delta", message_start(input_tokens=5), block(TEXT), MESSAGE_STOP),
    claude("events of a vendor", {"type": "vendor_extra"}, block(TEXT), message_delta("end_turn"), MESSAGE_STOP),
    *(claude(f"stop reason {reason}", block(HALF), message_delta(reason), MESSAGE_STOP, text=HALF, status="interrupted",
             finish="paused") for reason in ("pause_turn", "compaction")),
    claude("stop reason refusal", block(HALF), message_delta("refusal"), MESSAGE_STOP, text=HALF, finish="refusal",
           turn="left_out"),
    failed("paused before the first word", "provider_empty_answer", Scenario(body=events(
        message_start(input_tokens=5), message_delta("pause_turn"), MESSAGE_STOP)), provider="anthropic"),
    claude("the context is full", block(HALF), message_delta("model_context_window_exceeded"), MESSAGE_STOP, text=HALF,
           finish="length"),
    Case("a whole message in place of a stream", Scenario(body=json.dumps({
        "type": "message", "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2}})), provider="anthropic", tokens=(1, 2)),
]  # fmt: skip

BROKEN = [
    broken("overloaded in the middle", "provider_unavailable.overloaded", {"error": {"code": 502, "message": "Lost"}}),
    broken("half a record", "provider_bad_answer", "data: {half\n\n"),
    broken("no end at all", "provider_cut_off"),
    broken("an error beside a choice", "provider_rate_limited", said("") | {"error": {"code": 429, "message": "Slow"}}),
    broken("an error as a text", "provider_timeout", "event: error\ndata: the request timed out\n\n"),
    broken("llama.cpp's error line", "provider_unavailable.overloaded", 'error: {"code": 500, "message": "x"}\n\n'),
    claude("Anthropic is overloaded in the middle", block(HALF), {"type": "error", "error": {
        "type": "overloaded_error", "message": "Overloaded"}}, text=HALF, status="interrupted", finish="interrupted",
        sentence="provider_unavailable.overloaded"),
]  # fmt: skip

REFUSED = [
    refused("200 with a rate limit", "provider_rate_limited", 200, {"error": {"code": 429, "message": "Slow down"}}),
    refused("200 with a wrong address", "provider_wrong_address", 200, {
        "error": "Unexpected endpoint or method. (POST)"}),
    refused("an error object in a stream", "provider_context_overflow", 200, records(
        {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400})),
    refused("a code with details in a stream", "provider_request_refused", 200, records(
        {"code": 422, "details": "logprobs are not available"}, DONE)),
    refused("a key in an array", "provider_invalid_key", 400, [{"error": {
        "code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}]),
    refused("a rate limit in an array", "provider_rate_limited", 429, [{"error": {
        "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED",
        "details": [{"retryDelay": "41s"}]}}]),
    refused("an error inside a text", "provider_quota", 400, {"error": {
        "message": "Provider returned error", "metadata": {"raw": '{"error": {"code": "insufficient_quota"}}'}}}),
    failed("Retry-After of 400 digits", "provider_rate_limited", Scenario(
        status=429, body={"error": {"message": "Slow down"}}, headers={"retry-after": "9" * 400})),
    refused("a proxy's 413", "provider_request_too_large", 413, "<html><h1>413 Request Entity Too Large</h1></html>"),
    refused("more tokens than a minute has", "provider_token_rate", 413, {"error": {
        "message": "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000",
        "type": "tokens", "code": "rate_limit_exceeded"}}),
    refused("more tokens than a minute has, 429", "provider_token_rate", 429, {"error": {
        "message": "Request too large for gpt-x in organization o on tokens per min (TPM): Limit 10, Requested 20."}}),
    refused("OpenRouter's data policy", "provider_permission.account_settings", 404, {"error": {
        "message": "No endpoints found matching your data policy (Free model publication).", "code": 404}}),
    refused("a firewall", "provider_permission.proxy", 403, "<!DOCTYPE html><title>Just a moment...</title>"),
    refused("a model that nobody knows", "provider_unknown_model", 400, {"error": {"message": "Model Not Exist"}}),
    refused("a proxy that waited too long", "provider_timeout", 524, "<html>524: A timeout occurred</html>"),
    filtered("Azure's filter", 400, {"code": "content_filter", "message": "The response was filtered"}),
    filtered("Alibaba's filter", 400, {"code": "data_inspection_failed", "message": "Input data may contain x"}),
    filtered("OpenRouter's moderation", 403, {"code": 403, "message": "Your input was flagged"}),
    filtered("DeepSeek's filter", 400, {"message": "Content Exists Risk", "type": "invalid_request_error"}),
    filtered("OpenAI's filter", 400, {"code": "invalid_prompt", "message": "Your prompt violated our usage policy."}),
]  # fmt: skip

CASES = [*STREAMS, *BROKEN, *REFUSED]
