"""Whoever completes conversations. Nothing outside this package knows an SDK."""

from chatbot.providers.base import Provider
from chatbot.providers.catalog import takes_effort, takes_temperature
from chatbot.providers.embedded import FETCHING, LOADING, WAITING, ModelState
from chatbot.providers.listing import Model
from chatbot.providers.offer import Providers
from chatbot.providers.patience import patiently
from chatbot.providers.registry import connect, register

__all__ = [
    "FETCHING",
    "LOADING",
    "WAITING",
    "Model",
    "ModelState",
    "Provider",
    "Providers",
    "connect",
    "patiently",
    "register",
    "takes_effort",
    "takes_temperature",
]
