"""Providers: whoever completes conversations. Nothing outside this package imports an SDK."""

from chatbot.providers.base import Provider
from chatbot.providers.local.llama_server import LoadState
from chatbot.providers.model_profiles import traits
from chatbot.providers.provider_pool import ProviderPool
from chatbot.providers.registry import connect, register
from chatbot.providers.retry import stream_with_retry

__all__ = ["LoadState", "Provider", "ProviderPool", "connect", "register", "stream_with_retry", "traits"]
