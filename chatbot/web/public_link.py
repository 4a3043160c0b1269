"""PublicLink: a temporary public address for the app, and the login that protects it."""

import io
import secrets
import sys
from urllib.parse import urlsplit

import segno
from pydantic import SecretStr

from chatbot.errors import SettingsError
from chatbot.settings import Settings

GUEST_NAME = "guest"
PASSWORD_BYTES = 9
"""72 bits, as 12 characters that can be typed."""

NO_LINK = (
    "There is no public link: the tunnel could not be opened. Check the internet connection. The app runs on here."
)


class PublicLink:
    """The link that `--share` asks for. `settings` are the ones to serve with: unless they have a login or `public` is
    set, a login is generated, because whoever has the link could use the operator's keys.

    Raises SettingsError for `public` without a link.
    """

    def __init__(self, settings: Settings, public: bool) -> None:
        if public and not settings.gradio_share:
            raise SettingsError("--public: expected --share beside it")
        self.is_wanted = settings.gradio_share and not settings.space_id  # a Space has an address already
        self._public = public
        needs_login = self.is_wanted and not (public or settings.chatbot_auth)
        self._generated = f"{GUEST_NAME}:{secrets.token_urlsafe(PASSWORD_BYTES)}" if needs_login else ""
        login = {"chatbot_auth": SecretStr(self._generated)} if self._generated else {}
        self.settings = settings.model_copy(update=login)

    def open(self, url: str) -> None:
        """Prints who may use the link, opens the tunnel to the app at `url`, and prints the link with a QR code; a
        sentence if there is none. Takes a minute at most."""
        print(self._warning(), file=sys.__stdout__, flush=True)  # sys.stdout hides secrets, and this one has to be read
        try:
            link = _open_tunnel(url)
        except Exception:  # whatever it is, the app runs on here
            print(NO_LINK, flush=True)
            return
        print(f"Public link, for a week at most: {link}", flush=True)
        _print_qr_code(link)

    def _warning(self) -> str:
        spends = "can use your API keys"
        if self._public:
            return f"Opening a public link. Everybody who has it {spends}: --public asks for no login."
        if not self._generated:
            return f"Opening a public link. Everybody who has it and a login of CHATBOT_AUTH {spends}."
        return (
            f"Opening a public link. Everybody who has it and this login {spends}:\n"
            f"  CHATBOT_AUTH={self._generated}\n"
            "It is new at every start: set CHATBOT_AUTH to one of your own, or give --public to ask for none."
        )


def _open_tunnel(url: str) -> str:
    """Opens Gradio's tunnel to `url` and returns its public address. Gradio's `share=True` does the same, but its page
    would then load its scripts from another host."""
    from gradio import networking  # noqa: PLC0415 - app.py reads the settings before it waits for Gradio

    here = urlsplit(url)
    address = networking.setup_tunnel(here.hostname or "", here.port or 0, secrets.token_urlsafe(32), None, None)
    own_server = networking.GRADIO_SHARE_SERVER_ADDRESS is not None
    return address if own_server else urlsplit(address)._replace(scheme="https").geturl()


def _print_qr_code(link: str) -> None:
    code = io.StringIO()
    segno.make(link, micro=False).terminal(code, border=2, compact=True)
    try:
        print(code.getvalue(), flush=True)
    except UnicodeEncodeError:  # a terminal without the block characters
        return
