"""Anthropic's Messages."""

from collections.abc import AsyncGenerator
from typing import Any

import anthropic
import httpx2
from anthropic.types import RawContentBlockDeltaEvent
from anthropic.types import Usage as PromptUsage

from chatbot.errors import BadAnswer, CutOff
from chatbot.messages import Delta, Finish, FinishReason, Request, Usage
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.faults import translated, wait_not_for_long

OFFICIAL_URL = "https://api.anthropic.com"
"""Named, so that ANTHROPIC_BASE_URL in the environment never moves a key that was not meant for it."""

FINISH_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class AnthropicProvider:
    """A server that speaks Messages at `base_url`. It takes no temperature: the SDK and the models refuse one."""

    def __init__(self, label: str, api_key: str, base_url: str | None = None) -> None:
        self.label = label
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=1,
            timeout=timeout,
            http_client=anthropic.DefaultAsyncHttpxClient(
                follow_redirects=False,
                timeout=timeout,
                mounts=DIRECT,
                event_hooks={"response": [wait_not_for_long]},
            ),
        )

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece. Raises ProviderErrors."""
        finish: FinishReason | None = None
        input_tokens = output_tokens = None
        answered = False
        with translated(self.label, anthropic):
            answer = await self._client.messages.create(**_parameters(request))
        with translated(self.label, anthropic, streaming=True):
            async with answer as events:
                async for event in events:
                    answered = True
                    if event.type == "content_block_delta":
                        if delta := _delta(event):
                            yield delta
                    elif event.type == "message_start":
                        input_tokens = _prompt_tokens(event.message.usage)
                    elif event.type == "message_delta":
                        output_tokens = event.usage.output_tokens if event.usage else None
                        if event.delta.stop_reason:
                            finish = FINISH_REASONS.get(event.delta.stop_reason, "stop")
        if finish is None:
            raise CutOff(self.label) if answered else BadAnswer(self.label)
        yield Delta(finish=Finish(finish, Usage(input_tokens, output_tokens)))

    async def models(self) -> list[str]:
        """The ids of the models in use, newest first as the provider lists them."""
        with translated(self.label, anthropic):
            found = [model async for model in self._client.models.list(timeout=LIST_SECONDS)]
        return [model.id for model in found if model.lifecycle != "retired"]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()


def _parameters(request: Request) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "max_tokens": request.max_tokens,
        "cache_control": {"type": "ephemeral"},  # a conversation's beginning is sent again with every message
        "stream": True,
    }
    if request.system_prompt:
        parameters["system"] = request.system_prompt
    return parameters


def _delta(event: RawContentBlockDeltaEvent) -> Delta | None:
    if event.delta.type == "text_delta":
        return Delta(text=event.delta.text)
    if event.delta.type == "thinking_delta":
        return Delta(reasoning=event.delta.thinking)
    return None


def _prompt_tokens(usage: PromptUsage | None) -> int | None:
    """All that was read: what came from the cache, or went into it, is counted apart from the rest."""
    if usage is None:  # servers that only imitate Anthropic's do not always count
        return None
    return usage.input_tokens + (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
