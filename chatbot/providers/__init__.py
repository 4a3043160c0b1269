"""Whoever completes conversations. Nothing outside this package knows an SDK."""

from chatbot.providers.base import Provider
from chatbot.providers.local.llama_server import FETCHING, LOADING, WAITING, ModelState
from chatbot.providers.model_catalog import takes_effort, takes_temperature
from chatbot.providers.model_profiles import Model
from chatbot.providers.pool import Providers
from chatbot.providers.registry import connect, register
from chatbot.providers.retry import patiently

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
