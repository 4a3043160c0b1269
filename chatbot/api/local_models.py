"""The API's operations on the models of this computer: list, download, pause, remove."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from chatbot.api.auth import ServicesDep, get_session_id
from chatbot.api.openapi import errors
from chatbot.api.responses import StatusOut
from chatbot.errors import DownloadsOff, NotFound
from chatbot.i18n import negotiate
from chatbot.providers.local.capacity import free_disk, free_memory
from chatbot.providers.local.catalog import CatalogModel
from chatbot.providers.local.local_models import LocalModels, catalog_model
from chatbot.providers.local.model_entries import LocalModelEntry, list_entries

router = APIRouter(tags=["local models"], dependencies=[Depends(get_session_id)])

ONE = "/local-models/{model_id}"
CHANGING = errors(401, 403, 404, 409, 413, 422, 500)


class LocalModelOut(BaseModel):
    """A model on this computer, or one that can be downloaded to it. Sizes are in bytes; `memory` is what it takes once
    it is loaded. `message` says why its download failed."""

    model_id: Annotated[str, Field(examples=["Qwen3-0.6B-Q4_K_M"])]
    state: Literal["ready", "absent", "downloading", "checking", "paused", "failed"]
    is_demo: bool
    is_loaded: bool
    is_removable: bool
    size: Annotated[int, Field(examples=[396_705_472])] | None
    memory: Annotated[int, Field(examples=[1_006_305_472])] | None
    license: Annotated[str, Field(examples=["Apache-2.0"])] | None
    received: Annotated[int, Field(examples=[146_800_640])]
    bytes_per_second: Annotated[float, Field(examples=[12_000_000])]
    seconds_left: Annotated[float, Field(examples=[20.8])] | None
    tokens_per_second: Annotated[float, Field(examples=[53.2])] | None
    message: (
        Annotated[
            str, Field(examples=["the connection to Hugging Face broke off several times. What has come is kept."])
        ]
        | None
    )

    @classmethod
    def of(cls, entry: LocalModelEntry, locale: str) -> "LocalModelOut":
        """The entry, worded for its reader."""
        progress = entry.progress
        return cls(
            model_id=entry.name,
            state=entry.state,
            is_demo=entry.is_demo,
            is_loaded=entry.is_loaded,
            is_removable=entry.is_removable,
            size=entry.size,
            memory=entry.memory,
            license=entry.license,
            received=progress.received if progress else 0,
            bytes_per_second=progress.bytes_per_second if progress else 0,
            seconds_left=progress.seconds_left if progress else None,
            tokens_per_second=entry.tokens_per_second,
            message=progress.cause.worded(locale) if progress and progress.cause else None,
        )


class LocalModelsOut(BaseModel):
    """The models on this computer, and what is free there, in bytes. `can_download`: visitors may fetch others."""

    models: list[LocalModelOut]
    can_download: bool
    free_memory: Annotated[int, Field(examples=[8_000_000_000])]
    free_disk: Annotated[int, Field(examples=[50_000_000_000])]


def get_manageable(services: ServicesDep) -> LocalModels:
    """The models on this computer. Raises DownloadsOff if visitors may not change them."""
    local_models = services.providers.local_models
    if local_models is None or not services.settings.local_downloads():
        raise DownloadsOff
    return local_models


Manageable = Annotated[LocalModels, Depends(get_manageable)]


@router.get("/local-models", responses=errors(401, 500))
async def list_local_models(services: ServicesDep, request: Request) -> LocalModelsOut:
    """The models on this computer and those that can be downloaded, with how far that is."""
    local_models, can_download = services.providers.local_models, services.settings.local_downloads()
    if local_models is None:
        return LocalModelsOut(models=[], can_download=False, free_memory=0, free_disk=0)
    entries = await asyncio.to_thread(list_entries, local_models, can_download=can_download)
    locale = negotiate(request.headers.get("accept-language", ""))
    return LocalModelsOut(
        models=[LocalModelOut.of(entry, locale) for entry in entries],
        can_download=can_download,
        free_memory=free_memory() if can_download else 0,
        free_disk=free_disk(local_models.cache) if can_download else 0,
    )


@router.post(f"{ONE}/download", status_code=202, responses=CHANGING)
async def download_local_model(model_id: str, local_models: Manageable) -> StatusOut:
    """Start the download of a model, or go on with it. The answer comes when the hub has said that it has the file."""
    await asyncio.to_thread(local_models.downloads.start, _known(model_id))
    return StatusOut(status="downloading")


@router.post(f"{ONE}/pause", responses=CHANGING)
async def pause_local_model(model_id: str, local_models: Manageable) -> StatusOut:
    """Pause the download of a model. What has come stays on the disk."""
    await asyncio.to_thread(local_models.downloads.pause, _known(model_id))
    return StatusOut(status="paused")


@router.delete(ONE, responses=CHANGING)
async def delete_local_model(model_id: str, local_models: Manageable) -> StatusOut:
    """Delete a downloaded model, or what has come of it. If it is loaded, its running answers end first."""
    await local_models.remove(_known(model_id))
    return StatusOut(status="deleted")


def _known(model_id: str) -> CatalogModel:
    model = catalog_model(model_id)
    if model is None:
        raise NotFound("model")
    return model
