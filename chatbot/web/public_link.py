"""A public link to the app: who may use it, and how the terminal tells of it."""

import io
import secrets
import sys
from urllib.parse import urlsplit

import segno
from pydantic import SecretStr

from chatbot.errors import SettingsError
from chatbot.settings import Settings

NAME = "guest"
PASSWORD_BYTES = 9
"""72 bits, in 12 characters that can be typed."""

NO_LINK = (
    "There is no public link: the tunnel could not be opened. Is there a way to the internet? The app runs on here."
)


class PublicLink:
    """The link that `--share` asks for. `settings` are those to serve with: where a link would let in whoever has it,
    they ask for a login that is made up here, unless `public` says to let everybody in.

    Raises SettingsError for `public` without a link.
    """

    def __init__(self, settings: Settings, public: bool) -> None:
        if public and not settings.gradio_share:
            raise SettingsError("--public: expected --share beside it")
        self.is_wanted = settings.gradio_share and not settings.space_id  # a Space has an address already
        self._public = public
        needs_login = self.is_wanted and not (public or settings.chatbot_auth)
        self._made = f"{NAME}:{secrets.token_urlsafe(PASSWORD_BYTES)}" if needs_login else ""
        login = {"chatbot_auth": SecretStr(self._made)} if self._made else {}
        self.settings = settings.model_copy(update=login)

    def open(self, url: str) -> None:
        """Say who will be let in, open the tunnel to the app at `url`, and show the link; in a sentence where there is
        none. Takes as long as the network does: a minute at most."""
        print(self._warning(), file=sys.__stdout__, flush=True)  # sys.stdout hides secrets, and this one is to be read
        try:
            link = _tunnel(url)
        except Exception:  # whatever it is, the app runs on here
            print(NO_LINK, flush=True)
            return
        print(f"Public link, for a week at most: {link}", flush=True)
        _show_code(link)

    def _warning(self) -> str:
        spends = "can use your API keys"
        if self._public:
            return f"Opening a public link. Everybody who has it {spends}: --public asks for no login."
        if not self._made:
            return f"Opening a public link. Everybody who has it and a login of CHATBOT_AUTH {spends}."
        return (
            f"Opening a public link. Everybody who has it and this login {spends}:\n"
            f"  CHATBOT_AUTH={self._made}\n"
            "It is new at every start: set CHATBOT_AUTH to one of your own, or give --public to ask for none."
        )


def _tunnel(url: str) -> str:
    """The address by which Gradio's tunnel leads to `url`. Gradio's own `share=True` would do the same, but its page
    would then load its scripts from another host."""
    from gradio import networking  # noqa: PLC0415 - app.py reads the settings before it waits for Gradio

    here = urlsplit(url)
    found = networking.setup_tunnel(here.hostname or "", here.port or 0, secrets.token_urlsafe(32), None, None)
    own_server = networking.GRADIO_SHARE_SERVER_ADDRESS is not None
    return found if own_server else urlsplit(found)._replace(scheme="https").geturl()


def _show_code(link: str) -> None:
    code = io.StringIO()
    segno.make(link, micro=False).terminal(code, border=2, compact=True)
    try:
        print(code.getvalue(), flush=True)
    except UnicodeEncodeError:  # a terminal without the blocks that it is made of
        return
