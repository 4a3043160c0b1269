"""OpenAI's Chat Completions, the protocol of OpenAI, Hugging Face's router, Ollama, vLLM, llama.cpp and many more."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Literal, get_args

import httpx2
import openai
from openai import AsyncStream
from openai.types.chat import ChatCompletionChunk

from chatbot.errors import BadAnswer, CutOff, RequestRefused
from chatbot.messages import Delta, Finish, FinishReason, Request, Usage
from chatbot.providers.base import CONNECT_SECONDS, DIRECT, LIST_SECONDS, SILENCE_SECONDS
from chatbot.providers.faults import kind_of, translated, wait_not_for_long

OFFICIAL_URL = "https://api.openai.com/v1"
"""Named, so that OPENAI_BASE_URL in the environment never moves a key that was not meant for it."""

FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

LengthParameter = Literal["max_tokens", "max_completion_tokens"]
LENGTH_PARAMETERS: tuple[LengthParameter, ...] = get_args(LengthParameter)

OPTIONAL = ("temperature", "stream_options", *LENGTH_PARAMETERS)
"""Parameters that a request can do without."""


class OpenAIProvider:
    """A server that speaks Chat Completions at `base_url`.

    `api_key` is sent as it is, and always: left out, the SDK would send the OPENAI_API_KEY of the environment to
    whatever server this is. A parameter that a model refuses is left out and remembered for that model.
    """

    def __init__(
        self,
        label: str,
        api_key: str,
        base_url: str | None = None,
        *,
        length_parameter: LengthParameter = "max_tokens",
    ) -> None:
        self.label = label
        self._length_parameter = length_parameter
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url or OFFICIAL_URL,
            max_retries=1,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                timeout=timeout,
                mounts=DIRECT,
                event_hooks={"response": [wait_not_for_long]},
            ),
        )
        # The rest of what the environment holds for OpenAI is not for whatever server this is either.
        self._client.organization = self._client.project = None
        self._client._custom_headers = {}

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        """The completion piece by piece. Raises ProviderErrors."""
        finish: FinishReason | None = None
        usage = Usage()
        answered = False
        with translated(self.label, openai):
            answer = await self._started(request)
        with translated(self.label, openai, streaming=True):
            async with answer as chunks:
                async for chunk in chunks:
                    answered = True
                    if chunk.usage:
                        usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
                    if not chunk.choices:
                        continue
                    choice = chunk.choices[0]
                    if choice.delta and (delta := _delta(choice.delta)):
                        yield delta
                    if choice.finish_reason:
                        finish = FINISH_REASONS.get(choice.finish_reason, "stop")
        if finish is None:
            raise CutOff(self.label) if answered else BadAnswer(self.label)
        yield Delta(finish=Finish(finish, usage))

    async def models(self) -> list[str]:
        """The ids of the server's models, in the server's order."""
        with translated(self.label, openai):
            return [model.id async for model in self._client.models.list(timeout=LIST_SECONDS)]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _started(self, request: Request) -> AsyncStream[ChatCompletionChunk]:
        refused = self._refused[request.model]
        while True:
            parameters = self._parameters(request)
            try:
                return await self._client.chat.completions.create(**parameters)  # type: ignore[no-any-return]
            except openai.BadRequestError as error:
                name = _refused_parameter(error, parameters)
                if name is None:
                    raise
                refused.add(name)

    def _parameters(self, request: Request) -> dict[str, Any]:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if request.system_prompt:
            messages.insert(0, {"role": "system", "content": request.system_prompt})
        refused = self._refused[request.model]
        names = sorted(LENGTH_PARAMETERS, key=lambda name: name != self._length_parameter)
        length = next((name for name in names if name not in refused), None)
        optional = {"stream_options": {"include_usage": True}, length: request.max_tokens}
        if request.temperature is not None:
            optional["temperature"] = request.temperature
        return {"model": request.model, "messages": messages, "stream": True} | {
            name: value for name, value in optional.items() if name and name not in refused
        }


def _delta(delta: Any) -> Delta | None:
    """What a chunk adds. Reasoning has no place in the protocol; servers put it under one of two names."""
    if delta.content:
        return Delta(text=delta.content)
    reasoning = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
    if isinstance(reasoning, str) and reasoning:
        return Delta(reasoning=reasoning)
    return Delta(text=delta.refusal) if delta.refusal else None


def _refused_parameter(error: openai.BadRequestError, sent: Mapping[str, Any]) -> str | None:
    """The parameter that a 400 complains about, if it is one that the request can do without."""
    if kind_of(error, openai) is not RequestRefused or error.code == "invalid_value":
        return None  # where only the value is refused, the parameter is a good one
    words = f"{error.param} {error}"
    return next((name for name in OPTIONAL if name in sent and name in words), None)
