"""Whoever completes conversations. Nothing outside this package knows an SDK."""

from chatbot.providers.base import Provider
from chatbot.providers.catalog import takes_temperature
from chatbot.providers.embedded import ModelState
from chatbot.providers.registry import Choice, Providers, connect

__all__ = ["Choice", "ModelState", "Provider", "Providers", "connect", "takes_temperature"]
