"""Server: the services, the page and the API on one port, from the start to the end of the process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from chatbot import logs
from chatbot.api.app import api_routes
from chatbot.errors import TooLarge
from chatbot.i18n import ENGLISH, texts
from chatbot.page.blocks import TITLE, build_page
from chatbot.page.layout import LAUNCH
from chatbot.page.manifest import manifest_files
from chatbot.page.scripts import early_script, page_script
from chatbot.page.shell import build_shell
from chatbot.settings import Settings
from chatbot.storage import open_store
from chatbot.web import gradio_patches
from chatbot.web.gradio_queue import wake_on_events
from chatbot.web.listening import local_url, open_sockets
from chatbot.web.login_throttle import LoginThrottleMiddleware
from chatbot.web.middleware.body_limits import MAX_IMPORT_BYTES, BodyLimits
from chatbot.web.middleware.closed_routes import ClosedRoutes
from chatbot.web.middleware.compression import PageCompression
from chatbot.web.middleware.cross_site import CrossSiteMiddleware
from chatbot.web.middleware.event_streams import UnbufferedEventStreams
from chatbot.web.middleware.root_path import RootPath
from chatbot.web.middleware.security_headers import SecurityHeaders
from chatbot.web.middleware.static_cache import StaticCache
from chatbot.web.page_files import SCRIPT, build_page_files
from chatbot.web.services import create_services, quotas

log = logging.getLogger(__name__)

MAX_EVENTS = 2000
"""Events of all pages that run at the same time; a page has one for each running answer that it shows."""

CLEANUP_SECONDS = 3600
"""How often inactive sessions are deleted."""

WARM_UP_SECONDS = 2
"""How long after the start an SDK is imported, which would hold up the first page."""

SHUTDOWN_SECONDS = 2.5
"""The longest that the end of the process waits for partial answers to be stored."""


class Server:
    """One running app. Raises SettingsError if the data directory cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = open_store(settings, quotas(settings))
        gradio_patches.forbid_files()
        secret = settings.chatbot_secret.get_secret_value() if settings.chatbot_secret else None
        secret = secret or self.store.backend.secret()
        logs.configure(settings, [secret])
        self.services = create_services(settings, self.store, secret)
        self.page = build_page(self.services)
        own = {SCRIPT: page_script().encode()} | manifest_files()
        self._files = build_page_files(gradio_patches.displayed_kinds(self.page), own)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> str:
        """Serves in a thread of its own; returns the page's address. Raises SettingsError for a host or a port that it
        cannot listen on."""
        settings = self.settings
        host = settings.gradio_server_name
        sockets = open_sockets(host, settings.gradio_server_port)
        url = local_url(host, sockets[0].getsockname()[1])
        gradio_patches.skip_matplotlib()
        gradio_patches.skip_asking_for_disconnects()
        shell = build_shell(gradio_patches.theme_css(LAUNCH["theme"]))
        gradio_patches.prepare_page(TITLE, texts(ENGLISH)["preview.text"], early_script(), shell, self._files)
        self.page.queue(default_concurrency_limit=None, max_size=MAX_EVENTS)
        wake_on_events(self.page)
        routes = api_routes(self.services)
        with gradio_patches.serve_on(sockets, url):
            self.page.launch(
                root_path=settings.gradio_root_path or "",
                share=False,  # chatbot.web.public_link opens the tunnel
                auth=settings.logins() or None,
                prevent_thread_lock=True,
                quiet=True,
                max_threads=MAX_EVENTS,  # it limits async generators as well: by default 40 answers at once
                app_kwargs={"lifespan": self._lifespan, "routes": routes, "middleware": self._middleware()},
                **LAUNCH,
            )
        logs.redirect("uvicorn", "uvicorn.access", "uvicorn.error")
        gradio_patches.load_scripts_locally(self.page)
        return url

    def close(self) -> None:
        """Stores every partial answer and closes everything; the process may end then."""
        if self._loop:
            closing = asyncio.run_coroutine_threadsafe(self.services.aclose(), self._loop)
            try:
                closing.result(SHUTDOWN_SECONDS)
            except TimeoutError:  # each answer is stored as of its last checkpoint
                log.error("end: not every answer was stored to its last word")  # noqa: TRY400 - the trace says no more
        self.page.server.should_exit = True
        self.store.close()

    def _middleware(self) -> list[Middleware]:
        """From the outermost in."""
        uploads = {
            "/attachments": (
                self.services.uploads.max_bytes,
                TooLarge("upload", most=round(self.settings.chatbot_max_file_mb, 3)),
            ),
            "/session/import": (MAX_IMPORT_BYTES, TooLarge("import")),
        }
        return [
            Middleware(RootPath, root_path=self.settings.gradio_root_path or ""),
            Middleware(UnbufferedEventStreams),
            Middleware(PageCompression),
            Middleware(SecurityHeaders, frames=self.settings.frame_ancestors()),
            Middleware(StaticCache, files=self._files),
            Middleware(ClosedRoutes),
            Middleware(CrossSiteMiddleware),
            Middleware(BodyLimits, uploads=uploads),
            Middleware(LoginThrottleMiddleware, throttle=self.services.login_throttle),
        ]

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(work) for work in (self._warm_up(), self._delete_inactive_sessions())]
        yield
        for task in tasks:
            task.cancel()

    async def _warm_up(self) -> None:
        default = self.services.providers.default
        if default is None or default.provider != "local":
            await asyncio.sleep(WARM_UP_SECONDS)
        await self.services.providers.warm_up()

    async def _delete_inactive_sessions(self) -> None:
        while days := self.settings.keep_days():
            deleted = await asyncio.to_thread(self.store.delete_inactive_sessions, days)
            log.info("inactive sessions deleted", extra={"fields": {"count": deleted, "days": days}})
            await asyncio.sleep(CLEANUP_SECONDS)
