"""The API's operations about the service itself: its health, and its models."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from chatbot import __version__
from chatbot.api.auth import ServicesDep
from chatbot.api.openapi import DRAINING, errors
from chatbot.api.responses import DefaultOut, HealthOut, ModelOut, ModelsOut, ProviderOut
from chatbot.providers import ProviderPool
from chatbot.types import PROVIDER_NAMES, ModelChoice, ProviderName

router = APIRouter(tags=["service"])


@router.get("/health", response_model=HealthOut, responses=DRAINING)
async def health(services: ServicesDep) -> HealthOut | JSONResponse:
    """Whether the app is up."""
    if services.replies.is_closing:
        return JSONResponse(HealthOut(status="draining", version=__version__).model_dump(), 503)
    return HealthOut(version=__version__)


@router.get("/models", responses=errors(401))
async def models(services: ServicesDep) -> ModelsOut:
    """The providers with their models, and what a conversation starts with."""
    pool = services.providers
    providers = await asyncio.to_thread(lambda: [_provider(pool, name) for name in PROVIDER_NAMES])
    default = pool.default
    provider, model = (default.provider, default.model or None) if default else (None, None)
    return ModelsOut(providers=providers, default=DefaultOut(provider=provider, model=model))


def _provider(pool: ProviderPool, name: ProviderName) -> ProviderOut:
    models = [
        ModelOut(id=model, context_tokens=pool.profile(ModelChoice(name, model)).context_tokens)
        for model in pool.models(name)
    ]
    return ProviderOut(name=name, label=pool.label(name), available=name in pool.offered, models=models)
