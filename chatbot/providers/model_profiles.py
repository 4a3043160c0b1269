"""What a provider's list of models says of each: how much it reads and writes, and what it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.types import UNKNOWN_SUPPORT, FileSupport

CONTEXT_NAMES = ("context_length", "max_model_len", "max_input_tokens", "context_window", "max_context_length")
"""What servers call the tokens that a model reads at most: OpenRouter and Together, vLLM, Anthropic, Groq, Mistral."""

LLAMA_NAMES = ("n_ctx", "n_ctx_train")
"""llama.cpp's, inside `meta`: what the server was started with, else what the model was made for."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model as its provider lists it; what the list does not say is None.

    `context_tokens` is the most that it reads, `answer_tokens` the longest answer, prices are US dollars a token;
    `reads` are the files that it takes.
    """

    id: str
    context_tokens: int | None = None
    answer_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    reads: FileSupport = UNKNOWN_SUPPORT


def parse_model_entry(entry: Mapping[str, Any]) -> Model:
    """The model of one entry of a list, whoever's list it is. What is not as expected counts as not said."""
    pricing = _mapping(entry.get("pricing"))
    hosts = _hosts(entry)
    prices = {(_dollars(each, "input"), _dollars(each, "output")) for each in map(_pricing, hosts)}
    input_price, output_price = _dollars(pricing, "prompt", each=1), _dollars(pricing, "completion", each=1)
    if len(prices) == 1:  # who will answer is not known: a price counts where all ask the same
        ((input_price, output_price),) = prices
    tokens = _context(entry, hosts), _whole(entry.get("max_tokens"))
    return Model(str(entry["id"]), *tokens, input_price, output_price, _reads(entry))


def writes_text(entry: Mapping[str, Any]) -> bool:
    """Whether the list has it that the model answers in words; most lists do not say."""
    written = _mapping(entry.get("architecture")).get("output_modalities")
    return not isinstance(written, list) or "text" in written


def _reads(entry: Mapping[str, Any]) -> FileSupport:
    """By the kinds of input that OpenRouter's and Hugging Face's lists have, Anthropic's capabilities, or Mistral's."""
    kinds = _mapping(entry.get("architecture")).get("input_modalities")
    if isinstance(kinds, list):
        return FileSupport("image" in kinds, "file" in kinds)
    told = _mapping(entry.get("capabilities"))
    pictures = _mapping(told.get("image_input")).get("supported", told.get("vision"))
    documents = _mapping(told.get("pdf_input")).get("supported")
    return FileSupport(
        pictures if isinstance(pictures, bool) else None,
        documents if isinstance(documents, bool) else None,
    )


def _hosts(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those who run the model for Hugging Face's router, without those that are down."""
    hosts = entry.get("providers")
    found = map(_mapping, hosts) if isinstance(hosts, list) else ()
    return [host for host in found if host.get("status", "live") == "live"]


def _context(entry: Mapping[str, Any], hosts: Iterable[Mapping[str, Any]]) -> int | None:
    meta = _mapping(entry.get("meta"))
    told = [entry.get(name) for name in CONTEXT_NAMES] + [meta.get(name) for name in LLAMA_NAMES]
    if own := next(filter(None, map(_whole, told)), None):
        return own
    return min(filter(None, (_whole(host.get("context_length")) for host in hosts)), default=None)


def _pricing(host: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(host.get("pricing"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _dollars(pricing: Mapping[str, Any], name: str, *, each: int = MILLION) -> float | None:
    """A price a token, where it is told for `each` so many. OpenRouter's -1 means that it depends."""
    try:
        price = float(pricing.get(name, "")) / each
    except (TypeError, ValueError):
        return None
    return price if 0 <= price < 1 else None
