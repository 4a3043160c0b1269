"""The process: the parts put together, served on one port, and ended with every partial answer saved."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from chatbot.errors import SettingsError
from chatbot.limits import Limits
from chatbot.memory import Store
from chatbot.providers import Providers
from chatbot.replies import Replies
from chatbot.settings import Settings
from chatbot.web.sessions import Sessions, kept_secret

SHUTDOWN_SECONDS = 2.5
"""How long the end of the process waits for partial answers to be stored."""

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported; nothing here calls home

from chatbot.web.access import Access  # noqa: E402
from chatbot.web.api import Api  # noqa: E402
from chatbot.web.application import routes  # noqa: E402
from chatbot.web.compression import CompressedPage  # noqa: E402
from chatbot.web.controls import ASSETS, asset  # noqa: E402
from chatbot.web.handlers import Handlers  # noqa: E402
from chatbot.web.panel_events import PanelEvents  # noqa: E402
from chatbot.web.sidebar_events import SidebarEvents  # noqa: E402
from chatbot.web.texts import i18n  # noqa: E402
from chatbot.web.theme import theme  # noqa: E402
from chatbot.web.ui import Page  # noqa: E402
from chatbot.web.views import Views  # noqa: E402

STYLE = ASSETS / "style.css"


class Server:
    """Everything of one running app. Raises SettingsError where the data directory cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.chatbot_data_dir)
        secret = settings.chatbot_secret.get_secret_value() if settings.chatbot_secret else None
        self.sessions = Sessions(secret or kept_secret(settings.chatbot_data_dir))
        self.providers = Providers(settings)
        per_minute, daily_tokens = settings.chatbot_messages_per_minute, settings.chatbot_daily_tokens
        limits = Limits(per_minute, daily_tokens, settings.chatbot_data_dir / "spending.json")
        self.replies = Replies(self.store, self.providers, settings.chatbot_reply_seconds, limits)
        sessions, store, providers, replies = self.sessions, self.store, self.providers, self.replies
        views = Views(store, providers)
        handlers = Handlers(settings, sessions, providers, replies, views)
        sidebar = SidebarEvents(sessions, store, providers, replies, views)
        self.page = Page(handlers, sidebar, PanelEvents(settings, sessions, store, providers)).blocks
        api = Api(settings, sessions, store, providers, replies)
        self._routes = routes(api.router(), Access(sessions, settings.logins()))
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> str:
        """Serve in a thread of its own; returns the page's address. Raises SettingsError where the port is taken."""
        settings = self.settings
        self.page.queue(default_concurrency_limit=None)
        try:
            _, url, _ = self.page.launch(
                server_name=settings.gradio_server_name,
                server_port=settings.gradio_server_port,
                share=settings.gradio_share,
                auth=settings.logins() or None,
                prevent_thread_lock=True,
                quiet=True,
                app_kwargs={
                    "lifespan": self._lifespan,
                    "routes": self._routes,
                    "middleware": [Middleware(CompressedPage)],
                },
                **LAUNCH,
            )
        except OSError as error:
            port = settings.gradio_server_port
            raise SettingsError(f"GRADIO_SERVER_PORT={port}: expected a port that is free") from error
        return str(url)

    def close(self) -> None:
        """Save every partial answer and let go of everything; the process may end then."""
        if self._loop:
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            ending.result(SHUTDOWN_SECONDS)
        self.page.server.should_exit = True
        self.store.close()

    async def _end(self) -> None:
        await self.replies.shutdown()
        await self.providers.aclose()

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        warming = asyncio.create_task(self.providers.warm_up())
        yield
        warming.cancel()


LAUNCH: dict[str, Any] = {
    "max_threads": 1000,  # it limits async generators as well: the default lets 40 answers run at once
    "ssr_mode": False,  # a Node proxy would answer our own routes with HTML
    "enable_monitoring": False,  # public by default
    "run_history": False,
    "pwa": False,
    "max_file_size": "50mb",
    "footer_links": [],
    "theme": theme(),
    "i18n": i18n(),
    "head": f"<script>{asset('texts.js')}</script>",
    "css_paths": STYLE,
    "favicon_path": ASSETS / "icon.svg",
}
"""How Gradio is launched, whatever the settings."""
