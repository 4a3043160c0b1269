"""The chatbot. `python app.py` starts it; `python app.py --help` explains the flags."""

import argparse
import gc
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from chatbot.errors import ChatbotError, SettingsError
from chatbot.settings import Settings
from chatbot.web.environment import prepare_environment
from chatbot.web.public_link import PublicLink


def parse_flags() -> argparse.Namespace:
    """Parses the command line. Ends the process for --help and unknown flags."""
    parser = argparse.ArgumentParser(description="A chatbot that streams and remembers, in one process.")
    parser.add_argument(
        "--host", help="address to listen on (GRADIO_SERVER_NAME; default 127.0.0.1, this machine only)"
    )
    parser.add_argument("--port", help="port to listen on (GRADIO_SERVER_PORT; default the first free one from 7860)")
    parser.add_argument("--share", action="store_true", default=None, help="make a public link as well (GRADIO_SHARE)")
    parser.add_argument("--public", action="store_true", help="with --share: let everybody in who has the link")
    parser.add_argument(
        "--copy-from", type=Path, metavar="DIR", help="copy this data directory into CHATBOT_DATABASE_URL, and end"
    )
    return parser.parse_args()


def copy(settings: Settings, directory: Path) -> None:
    """Copies a data directory into the database, with its progress on the terminal. Raises SettingsError."""
    if settings.chatbot_database_url is None:
        raise SettingsError("--copy-from: expected CHATBOT_DATABASE_URL beside it")
    from chatbot.storage.copying import copy_directory  # noqa: PLC0415 - psycopg, which most do without
    from chatbot.storage.database_backend import DatabaseBackend  # noqa: PLC0415 - as above

    backend = DatabaseBackend(settings.chatbot_database_url.get_secret_value())
    try:
        done = copy_directory(directory, backend, _report)
        print(
            f"Copied {done.sessions} sessions; {done.left} were there already, or are empty, and were left as they are."
        )
    except (OSError, ChatbotError) as error:
        raise error if isinstance(error, SettingsError) else SettingsError(f"--copy-from: {error}") from None
    finally:
        backend.close()


def _report(done: int, of: int) -> None:
    if done % 100 == 0 or done == of:
        print(f"{done} of {of} sessions", flush=True)


def main() -> None:
    """Serves until SIGINT or SIGTERM, then stores partial answers. Exit status 2 and one line for a wrong setting."""
    flags = parse_flags()
    overrides = {
        "gradio_server_name": flags.host,
        "gradio_server_port": flags.port,
        "gradio_share": flags.share,
    }
    try:
        settings = Settings.load(**{name: value for name, value in overrides.items() if value is not None})
        if flags.copy_from:
            copy(settings, flags.copy_from)
            return
        prepare_environment(settings)
        link = PublicLink(settings, flags.public)
        from chatbot.web.server import Server  # noqa: PLC0415 - Gradio takes seconds to import; settings come first

        server = Server(link.settings)
        globals()["demo"] = (
            server.page
        )  # for whoever looks for `demo` here: a second Server could not open its directory
        url = server.start()
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    signals = (signal.SIGINT, signal.SIGTERM)
    with suppress(KeyboardInterrupt):
        for number in signals:
            signal.signal(number, signal.default_int_handler)  # no Event: setting one here can wait for itself
        print(f"The chatbot is at {url}  (stop it with Ctrl+C)", flush=True)
        if link.is_wanted:
            threading.Thread(target=link.open, args=[url], daemon=True).start()
        while True:
            time.sleep(1)  # no longer: a signal may come just before it, or reach another thread
    for number in signals:
        signal.signal(number, signal.SIG_IGN)  # what was answered is being stored
    server.close()
    gc.freeze()  # everything is stored; Python would look for seconds through what it is about to throw away


def __getattr__(name: str) -> object:
    """`demo`, the page that `gradio app.py` and notebooks look for; built when somebody asks."""
    if name != "demo":
        raise AttributeError(name)
    settings = Settings.load()
    prepare_environment(settings)
    from chatbot.web.server import Server  # noqa: PLC0415

    return Server(settings).page


if __name__ == "__main__":
    main()
