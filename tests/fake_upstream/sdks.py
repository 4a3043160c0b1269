"""Sends requests to the fake upstream with the real SDKs."""

from typing import Any

import anthropic
import openai
from openai.types.chat import ChatCompletionChunk

KEY = "sk-test-0123456789abcdef"

# Each SDK has its own types for the same messages.
Messages = list[Any]
HI: Messages = [{"role": "user", "content": "Hi there"}]


async def gpt_chunks(
    client: openai.AsyncOpenAI,
    model: str = "gpt-6-luna",
    messages: Messages = HI,
    temperature: float | openai.Omit = openai.omit,
) -> list[ChatCompletionChunk]:
    """Returns the chunks of a streamed answer."""
    stream = await client.chat.completions.create(
        model=model,
        messages=messages,
        temperature=temperature,
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk async for chunk in stream]


def gpt_text(chunks: list[ChatCompletionChunk]) -> str:
    """Returns the answer's text."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def gpt_finish(chunks: list[ChatCompletionChunk]) -> str | None:
    """Returns the finish reason, if one was sent."""
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    return next(filter(None, reasons), None)


async def claude_message(
    client: anthropic.AsyncAnthropic, model: str = "claude-haiku-5-5", messages: Messages = HI
) -> anthropic.types.Message:
    """Streams an answer and returns the final message."""
    async with client.messages.stream(model=model, max_tokens=100, messages=messages) as stream:
        return await stream.get_final_message()
