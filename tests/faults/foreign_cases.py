"""Answers in another protocol than the one that was asked in, and odd places for what ends them."""

import gzip
import json
import zlib

from tests.fake_upstream import Scenario
from tests.faults.wire_cases import (
    DONE,
    GOOD,
    HALF,
    MESSAGE_STOP,
    STOP,
    TEXT,
    Case,
    Json,
    block,
    broken,
    chunk,
    events,
    message_delta,
    message_start,
    records,
    refused,
    said,
    stream,
)


def lines(*values: Json) -> Scenario:
    return Scenario(body="".join(f"{json.dumps(value)}\n" for value in values))


def whole(value: object) -> Scenario:
    return Scenario(body=json.dumps(value, indent=1))


def ollama(text: str, **end: object) -> Json:
    return {"model": "any", "message": {"role": "assistant", "content": text}, "done": bool(end)} | end


def gemini(text: str, **fields: object) -> Json:
    return {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}} | fields]}


def encoded(name: str, body: bytes) -> Case:
    return Case(f"a stream in {name}", Scenario(body=body, headers={"content-encoding": name}))


def choice(piece: object, **fields: object) -> Json:
    return {"choices": [{"index": 0, "delta": piece} | fields]}


EVENTS = (message_start(input_tokens=5), block(TEXT), message_delta("end_turn", output_tokens=4), MESSAGE_STOP)
OLLAMA_END = {"done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}
TGI_END = {"generated_text": TEXT, "details": {"finish_reason": "eos_token"}}
GEMINI_USAGE = {"usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3}}
RESPONSES = (
    {"type": "response.created", "response": {"status": "in_progress"}},
    {"type": "response.output_text.delta", "delta": "Blue "},
    {"type": "response.output_text.delta", "delta": "kettle."},
    {"type": "response.completed", "response": {"usage": {"input_tokens": 7, "output_tokens": 3}}},
)

PROTOCOLS = [
    Case("Anthropic's events on OpenAI's wire", Scenario(body=events(*EVENTS)), tokens=(5, 4)),
    Case("OpenAI's chunks on Anthropic's wire", stream(*GOOD, DONE), provider="anthropic"),
    Case("an answer of OpenAI's on Anthropic's wire", whole(
        {"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}), provider="anthropic"),
    Case("a message of Anthropic's on OpenAI's wire", whole({
        "type": "message", "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2}}), tokens=(1, 2)),
    Case("Ollama's own chat", lines(ollama("Blue "), ollama("kettle."), ollama("", **OLLAMA_END)), tokens=(7, 3)),
    Case("Ollama's own chat with thinking", lines(
        {"message": {"content": "", "thinking": "Hm."}, "done": False}, ollama(TEXT), ollama("", **OLLAMA_END)),
        reasoning="Hm."),
    Case("Ollama's own chat, cut by the limit", lines(ollama(HALF), ollama("", done_reason="length")), HALF,
         finish="length"),
    Case("Ollama's own completion", lines(
        {"response": "Blue ", "done": False}, {"response": "kettle.", "done": True, "done_reason": "stop"})),
    Case("Ollama's own chat on Anthropic's wire", lines(ollama(TEXT), ollama("", done_reason="stop")),
         provider="anthropic"),
    Case("tokens of TGI", Scenario(body=records({"token": {"text": "Blue ", "special": False}, "details": None},
         {"token": {"text": "kettle."}}, {"token": {"text": "</s>", "special": True}} | TGI_END))),
    Case("a text of TGI", whole([{"generated_text": TEXT}])),
    Case("Gemini's own stream", stream(gemini("Blue "), gemini("kettle.", finishReason="STOP") | GEMINI_USAGE),
         tokens=(7, 3)),
    Case("Gemini's own array", whole([gemini("Blue "), gemini("kettle.", finishReason="STOP")])),
    Case("OpenAI's Responses", Scenario(body=events(*RESPONSES)), tokens=(7, 3)),
    Case("llama.cpp's own completion", stream(
        {"content": "Blue ", "stop": False}, {"content": "kettle.", "stop": True, "stop_type": "eos"})),
    Case("Baidu's own stream", stream({"result": "Blue ", "is_end": False}, {
        "result": "kettle.", "is_end": True, "usage": {"prompt_tokens": 7, "completion_tokens": 3}}), tokens=(7, 3)),
    Case("Cohere's own stream", lines(
        {"event_type": "stream-start", "is_finished": False}, {"text": "Blue ", "is_finished": False},
        {"text": "kettle.", "is_finished": False}, {"is_finished": True, "finish_reason": "COMPLETE"})),
    Case("Cohere's own stream, version 2", stream(
        *({"type": "content-delta", "delta": {"message": {"content": {"text": word}}}} for word in ("Blue ", "kettle.")
          ),
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {"tokens": {
            "input_tokens": 7, "output_tokens": 3}}}}), tokens=(7, 3)),
    Case("Anthropic's old completions", stream(
        {"completion": "Blue ", "stop_reason": None}, {"completion": "kettle.", "stop_reason": "stop_sequence"}),
        provider="anthropic"),
    Case("Workers AI's own stream", stream({"response": "Blue "}, {"response": "kettle."}, DONE)),
    Case("chunks in a wrapper", stream(*({"code": 200, "data": each} for each in GOOD), DONE)),
    Case("MiniMax's status that is no error", stream(
        *(each | {"base_resp": {"status_code": 0, "status_msg": ""}} for each in GOOD), DONE)),
]  # fmt: skip

PLACES = [
    encoded("gzip", gzip.compress(records(*GOOD, DONE).encode())),
    encoded("deflate", zlib.compress(records(*GOOD, DONE).encode())),
    Case("two JSON values in one record", stream(f"data: {json.dumps(GOOD[0])}{json.dumps(GOOD[1])}\n\n", STOP, DONE)),
    Case("two records in one line", stream(f"data: {json.dumps(GOOD[0])}data: {json.dumps(GOOD[1])}\n\n", STOP, DONE)),
    Case("data twice", Scenario(body=records(*GOOD, DONE).replace("data: ", "data: data: "))),
    Case("[DONE] behind the last chunk", stream(GOOD[0], f"data: {json.dumps(GOOD[1])}[DONE]\n\n")),
    Case("[DONE] between spaces", stream(said(TEXT), "data:   [DONE]  \n\n")),
    Case("an event done", stream(said(TEXT), "event: done\ndata: {}\n\n")),
    Case("an event end without data", stream(said(TEXT), "event: end\n\n")),
    Case("only a choice with index 1", stream(
        *({"choices": [{"index": 1, "delta": {"content": text}}]} for text in ("Blue ", "kettle.")), DONE)),
    Case("a choice that is no list", stream({"choices": {"index": 0, "delta": {"content": TEXT}}}, STOP, DONE)),
    Case("the whole message again at the end", stream(*GOOD[:2], {
        "choices": [{"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]}, DONE)),
    *(Case(f"the finish reason {where}", stream(said(HALF), end, DONE), HALF, finish="length") for where, end in (
        ("in the delta", choice({"finish_reason": "length"})), ("beside the choices", choice({}) | {
            "finish_reason": "length"}), ("in camel case", choice({}, finishReason="LENGTH")),
        ("in an object", choice({}, finish_reason={"type": "length"})),
        ("in a list", choice({}, finish_reason=["length"])))),
    Case("a lone closing tag", stream(said("I weigh it.\n</think>\n\n"), said(TEXT), STOP, DONE),
         f"I weigh it.\n\n\n{TEXT}"),
    Case("records inside JSON strings", stream(*(f"data: {json.dumps(json.dumps(each))}\n\n" for each in GOOD), DONE)),
    Case("a text within a text part", stream(
        chunk({"content": [{"type": "text", "text": {"value": TEXT, "annotations": []}}]}), STOP, DONE)),
    *(Case(f"usage {where}", stream(said(TEXT), end, DONE), tokens=(7, 3)) for where, end in (
        ("by other names", STOP | {"usage": {"input_tokens": 7, "output_tokens": 3}}),
        ("in the choice", choice({}, finish_reason="stop", usage={"prompt_tokens": 7, "completion_tokens": 3})),
        ("of Groq", STOP | {"x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}}),
        ("in timings", STOP | {"timings": {"prompt_n": 7, "predicted_n": 3}}))),
    Case("usage in parts", stream(said(TEXT), STOP | {"usage": {"prompt_tokens": 7, "completion_tokens": None}},
         {"choices": [], "usage": {"completion_tokens": 3}}, DONE), tokens=(7, 3)),
    broken("an error in the chunk that ends", "provider_unavailable.overloaded",
           chunk({}, "stop", error={"message": "Lost", "code": 502})),
]  # fmt: skip

ERRORS = [
    broken("Anthropic's error on OpenAI's wire", "provider_unavailable.overloaded", {
        "type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    broken("an error of Responses", "provider_rate_limited", {
        "type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow"}}}),
    refused("Gemini's own filter", "provider_content_filter", 200, {"promptFeedback": {"blockReason": "SAFETY"}},
            turn="left_out"),
    *(refused(f"MiniMax's {code}", sentence, 200, {"choices": None, "base_resp": {
        "status_code": code, "status_msg": message}}) for code, message, sentence in (
        (1002, "rate limit", "provider_rate_limited"), (1004, "login fail: Please carry the API secret key",
         "provider_invalid_key"), (1008, "insufficient balance", "provider_quota"),
        (1039, "token limit", "provider_rate_limited"))),
    refused("a message under the name msg", "provider_invalid_key", 200, {"code": 401, "msg": "invalid api key"}),
]  # fmt: skip

FOREIGN = [*PROTOCOLS, *PLACES, *ERRORS]
