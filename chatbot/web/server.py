"""The process: the parts put together, served on one port, and ended with every partial answer saved."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from chatbot import logs
from chatbot.errors import SettingsError
from chatbot.providers import ProviderPool
from chatbot.replies.imports import Imports
from chatbot.replies.limits import Limits
from chatbot.replies.replies import Replies
from chatbot.replies.uploads import Uploads
from chatbot.settings import Settings
from chatbot.storage import Store
from chatbot.storage.quotas import Quotas
from chatbot.web.session_tokens import SessionTokens, load_or_create_secret

log = logging.getLogger(__name__)

SWEEP_SECONDS = 3600
"""How often old sessions are removed."""

WARM_UP_SECONDS = 2
"""How long after the start an SDK is loaded, whose import would hold up the first page."""

SHUTDOWN_SECONDS = 2.5
"""How long the end of the process waits for partial answers to be stored."""

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported; nothing here calls home
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"  # or it adds up 10,000 events after each, for a page that is off

from chatbot.api.access import Access  # noqa: E402
from chatbot.api.app import routes  # noqa: E402
from chatbot.api.chat import Api  # noqa: E402
from chatbot.api.conversations import ConversationsApi  # noqa: E402
from chatbot.api.files import FilesApi  # noqa: E402
from chatbot.page.accounts import Accounts  # noqa: E402
from chatbot.page.blocks import Page  # noqa: E402
from chatbot.page.chat_handlers import ChatHandlers  # noqa: E402
from chatbot.page.conversation_view import ConversationViews  # noqa: E402
from chatbot.page.i18n import i18n  # noqa: E402
from chatbot.page.layout import ASSETS, asset  # noqa: E402
from chatbot.page.settings_handlers import SettingsHandlers  # noqa: E402
from chatbot.page.sidebar_handlers import SidebarHandlers  # noqa: E402
from chatbot.page.theme import theme  # noqa: E402
from chatbot.web.login_throttle import LoginThrottle  # noqa: E402
from chatbot.web.middleware.compression import CompressedPage  # noqa: E402
from chatbot.web.middleware.gate import LARGEST_UPLOAD, Gate  # noqa: E402
from chatbot.web.middleware.queue_limits import MOST, QueueJobs, QueueLimitMiddleware  # noqa: E402
from chatbot.web.middleware.security_headers import SecurityHeaders  # noqa: E402
from chatbot.web.middleware.static_cache import StaticCache  # noqa: E402

STYLES = [ASSETS / "style.css", ASSETS / "files.css"]
SCRIPTS = [asset(name) for name in ("texts.js", "storage.js")]
"""Those that run before Gradio's, which puts them into the page's head."""


class Server:
    """Everything of one running app. Raises SettingsError where the data directory cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        room = Quotas(
            settings.chatbot_most_sessions,
            settings.chatbot_most_conversations,
            round(settings.chatbot_max_session_mb * 1e6),
        )
        self.store = Store(settings.chatbot_data_dir, room)
        # Gradio keeps no file. What an event's value names the address of, it would fetch and keep, for whoever asks.
        os.environ["GRADIO_TEMP_DIR"] = os.devnull  # not before it is imported: then it makes a directory there
        secret = settings.chatbot_secret.get_secret_value() if settings.chatbot_secret else None
        secret = secret or load_or_create_secret(settings.chatbot_data_dir)
        logs.begin(settings, [secret])
        self.sessions = SessionTokens(secret)
        self.providers = ProviderPool(settings)
        per_minute, daily_tokens = settings.chatbot_messages_per_minute, settings.chatbot_daily_tokens
        spending = settings.chatbot_data_dir / "spending.json"
        limits = Limits(per_minute, daily_tokens, spending, settings.longest_answer())
        most_files = settings.chatbot_max_files
        self.replies = Replies(self.store, self.providers, settings.chatbot_reply_seconds, limits, most_files)
        uploading = Limits(per_minute * most_files, 0, spending)
        uploads = Uploads(self.store, round(settings.chatbot_max_file_mb * 1e6), uploading)
        self._imports = imports = Imports(self.store, Limits(per_minute, 0, spending))
        sessions, store, providers, replies = self.sessions, self.store, self.providers, self.replies
        views = ConversationViews(store, providers)
        handlers = ChatHandlers(settings, sessions, providers, replies, views)
        sidebar = SidebarHandlers(sessions, store, providers, replies, views)
        accounts = Accounts(sessions, store, replies, sidebar)
        self.page = Page(handlers, sidebar, SettingsHandlers(settings, sessions, store, providers), accounts).blocks
        router = Api(settings, sessions, providers, replies, uploads).router()
        router.include_router(ConversationsApi(settings, sessions, store, replies, imports).router())
        router.include_router(FilesApi(settings, sessions, store, uploads, imports).router())
        file_mb = f"{settings.chatbot_max_file_mb:g}"
        largest = {
            "/attachments": (uploads.most_bytes, f"This file is larger than the {file_mb} MB that are allowed here"),
            "/session/import": (LARGEST_UPLOAD, "This file is larger than can be imported. Nothing was changed"),
        }
        self._brake = LoginThrottle(bool(settings.space_id))
        self._routes = routes(router, Access(sessions, settings.logins(), self._brake), largest)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> str:
        """Serve in a thread of its own; returns the page's address. Raises SettingsError where the port is taken."""
        settings = self.settings
        # Gradio looks for it twice at every update, and nothing in this process draws with it.
        sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]
        self.page.queue(default_concurrency_limit=None)
        self._jobs = QueueJobs(self.page._queue, bool(settings.space_id))
        for name, seconds in POLLING.items():
            setattr(self.page._queue, name, seconds)
        try:
            _, url, _ = self.page.launch(
                server_name=settings.gradio_server_name,
                server_port=settings.gradio_server_port,
                share=False,  # chatbot.web.public_link makes the link
                auth=settings.logins() or None,
                prevent_thread_lock=True,
                quiet=True,
                app_kwargs={"lifespan": self._lifespan, "routes": self._routes, "middleware": self._middleware()},
                **LAUNCH,
            )
        except OSError as error:
            port = settings.gradio_server_port
            raise SettingsError(f"GRADIO_SERVER_PORT={port}: expected a port that is free") from error
        logs.adopt("uvicorn", "uvicorn.access", "uvicorn.error")
        self.page.share = False  # from here on it only means that the page's scripts come from another host
        return str(url)

    def close(self) -> None:
        """Save every partial answer and let go of everything; the process may end then."""
        if self._loop:
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            try:
                ending.result(SHUTDOWN_SECONDS)
            except TimeoutError:  # each answer has its text on disk as it was a moment ago
                log.error("end: not every answer was stored to its last word")  # noqa: TRY400 - there is no more to tell
        self.page.server.should_exit = True
        self.store.close()

    def _middleware(self) -> list[Middleware]:
        headers = Middleware(SecurityHeaders, frames=self.settings.frame_ancestors(), scripts=SCRIPTS)
        gate, jobs = Middleware(Gate, brake=self._brake), Middleware(QueueLimitMiddleware, jobs=self._jobs)
        return [Middleware(CompressedPage), headers, Middleware(StaticCache), gate, jobs]

    async def _end(self) -> None:
        self._imports.close()
        await self.replies.shutdown()
        await self.providers.aclose()

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        works = self._warm_up(), self._sweep(), self._jobs.sweep()
        tasks = [asyncio.create_task(work) for work in works]
        yield
        for task in tasks:
            task.cancel()

    async def _warm_up(self) -> None:
        default = self.providers.default
        if default is None or default.provider != "local":
            await asyncio.sleep(WARM_UP_SECONDS)
        await self.providers.warm_up()

    async def _sweep(self) -> None:
        """Remove old sessions now and then, where they are not to be kept for ever."""
        while days := self.settings.keep_days():
            removed = await asyncio.to_thread(self.store.delete_inactive_sessions, days)
            log.info("old sessions removed", extra={"fields": {"count": removed, "days": days}})
            await asyncio.sleep(SWEEP_SECONDS)


POLLING = {"sleep_when_free": 0.004, "progress_update_sleep_when_free": 0.5}
"""How often Gradio's queue looks for work and for progress bars, in seconds. By itself it does a thousand and a hundred
times a second, which takes 5 % of a core at rest; this adds 2 ms to an answer. Private: tests/test_gradio_patches.py guards it."""

LAUNCH: dict[str, Any] = {
    "max_threads": MOST,  # it limits async generators as well: the default lets 40 answers run at once
    "ssr_mode": False,  # a Node proxy would answer our own routes with HTML
    "enable_monitoring": False,  # public by default
    "run_history": False,
    "pwa": False,
    "state_session_capacity": 500,  # Gradio keeps half a MiB of each page that was ever opened, by default of 10,000
    "footer_links": [],
    "theme": theme(),
    "css_paths": STYLES,
    "i18n": i18n(),
    "favicon_path": ASSETS / "icon.svg",
    "head": "".join(f"<script>{script}</script>" for script in SCRIPTS),
}
"""How Gradio is launched, whatever the settings."""
