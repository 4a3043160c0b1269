"""Whoever completes conversations. Nothing outside this package knows an SDK."""

from chatbot.providers.base import Provider
from chatbot.providers.local.llama_server import FETCHING, LOADING, WAITING, LoadState
from chatbot.providers.model_catalog import takes_effort, takes_temperature
from chatbot.providers.model_profiles import Model
from chatbot.providers.pool import ProviderPool
from chatbot.providers.registry import connect, register
from chatbot.providers.retry import stream_with_retry

__all__ = [
    "FETCHING",
    "LOADING",
    "WAITING",
    "LoadState",
    "Model",
    "Provider",
    "ProviderPool",
    "connect",
    "register",
    "stream_with_retry",
    "takes_effort",
    "takes_temperature",
]
