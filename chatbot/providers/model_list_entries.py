"""Reads the entries of providers' model lists: context windows, longest answers, prices and inputs."""

from collections.abc import Iterable, Mapping
from typing import Any

from chatbot.types import ModelProfile

CONTEXT_NAMES = ("context_length", "max_model_len", "max_input_tokens", "context_window", "max_context_length")
"""The names of the context window: OpenRouter's and Together's, vLLM's, Anthropic's, Groq's, Mistral's."""

LLAMA_CONTEXT_NAMES = ("n_ctx", "n_ctx_train")
"""llama.cpp's, inside `meta`: the context that the server was started with, and the one of the training."""

MILLION = 1_000_000


OTHER_TYPES = {"image", "embedding", "embeddings", "audio", "video", "rerank", "moderation", "transcribe"}
"""Together's and LM Studio's types of models that answer with something else than text."""


def parse_model_list(body: object) -> list[ModelProfile] | None:
    """The models of a list that answer in text, in its order; entries without a usable id are left out. The list stands
    under `data` or `models`, or is the whole body. None if there is none."""
    if isinstance(body, Mapping):
        body = next((body[name] for name in ("data", "models") if isinstance(body.get(name), list)), None)
    if not isinstance(body, list):
        return None
    entries = [entry | {"id": entry.get("id") or entry.get("model")} for entry in body if isinstance(entry, dict)]
    return [parse_model_entry(entry) for entry in entries if _has_id(entry) and writes_text(entry)]


def _has_id(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry["id"], str) and bool(entry["id"].strip())


def parse_model_entry(entry: Mapping[str, Any]) -> ModelProfile:
    """The profile of one entry, whoever's list it is. Values of an unexpected type count as unknown."""
    pricing = _mapping(entry.get("pricing"))
    hosts = _live_hosts(entry)
    host_prices = {
        (_dollars(price, "input"), _dollars(price, "output")) for price in (_mapping(h.get("pricing")) for h in hosts)
    }
    prices = _dollars(pricing, "prompt", per=1), _dollars(pricing, "completion", per=1)
    if len(host_prices) == 1:  # nobody knows which host will answer: a price counts if all ask the same
        (prices,) = host_prices
    reads_images, reads_documents = _inputs(entry)
    return ModelProfile(
        str(entry["id"]),
        context_tokens=_context_tokens(entry, hosts),
        answer_tokens=_positive(entry.get("max_tokens")),
        input_price=prices[0],
        output_price=prices[1],
        reads_images=reads_images,
        reads_documents=reads_documents,
    )


def writes_text(entry: Mapping[str, Any]) -> bool:
    """Whether the model answers in text, as far as the list says."""
    outputs = _mapping(entry.get("architecture")).get("output_modalities")
    return entry.get("type") not in OTHER_TYPES and (not isinstance(outputs, list) or "text" in outputs)


def _inputs(entry: Mapping[str, Any]) -> tuple[bool | None, bool | None]:
    """Whether the model reads images and documents: OpenRouter's and Hugging Face's modalities, Anthropic's and
    Mistral's capabilities."""
    inputs = _mapping(entry.get("architecture")).get("input_modalities")
    if isinstance(inputs, list):
        return "image" in inputs, "file" in inputs
    capabilities = _mapping(entry.get("capabilities"))
    images = _mapping(capabilities.get("image_input")).get("supported", capabilities.get("vision"))
    documents = _mapping(capabilities.get("pdf_input")).get("supported")
    return images if isinstance(images, bool) else None, documents if isinstance(documents, bool) else None


def _live_hosts(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The hosts that run the model for Hugging Face's router, without those that are down."""
    hosts = entry.get("providers")
    return [h for h in map(_mapping, hosts if isinstance(hosts, list) else ()) if h.get("status", "live") == "live"]


def _context_tokens(entry: Mapping[str, Any], hosts: Iterable[Mapping[str, Any]]) -> int | None:
    meta = _mapping(entry.get("meta"))
    values = [entry.get(name) for name in CONTEXT_NAMES] + [meta.get(name) for name in LLAMA_CONTEXT_NAMES]
    if own := next(filter(None, map(_positive, values)), None):
        return own
    return min(filter(None, (_positive(host.get("context_length")) for host in hosts)), default=None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _dollars(pricing: Mapping[str, Any], name: str, *, per: int = MILLION) -> float | None:
    """The price of one token, given the price of `per` tokens. OpenRouter's -1 means that it varies."""
    try:
        price = float(pricing.get(name, "")) / per
    except (TypeError, ValueError):
        return None
    return price if 0 <= price < 1 else None
