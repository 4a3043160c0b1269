"""The client of a loaded local model: OpenAI's protocol, with llama.cpp's switch for thinking."""

from collections.abc import Collection
from typing import Any

from chatbot.providers.local.llama_server import Endpoint
from chatbot.providers.openai import OpenAIProvider
from chatbot.types import Request


class LocalClient(OpenAIProvider):
    """Talks to the model at `endpoint`. A model that can think does so only if a reasoning effort is asked for."""

    def __init__(self, label: str, endpoint: Endpoint, first_seconds: float) -> None:
        super().__init__(label, endpoint.api_key, endpoint.base_url, first_seconds=first_seconds)
        self.endpoint = endpoint

    def parameters(self, request: Request, unsupported: Collection[str]) -> dict[str, Any]:
        body = super().parameters(request, unsupported)
        effort = body.pop("reasoning_effort", None)
        if self.endpoint.can_think:
            is_new = request.messages[-1].role == "user"  # an answer that goes on has thought already
            body["chat_template_kwargs"] = {"enable_thinking": bool(effort) and is_new}
        return body
