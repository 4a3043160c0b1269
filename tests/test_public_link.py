"""`--share`: who the link lets in, what the terminal says of it, and what happens where there is none."""

import re
from pathlib import Path

import httpx
import numpy as np
import zxingcpp

from tests.fake_upstream import FakeUpstream
from tests.reply_setup import until
from tests.running import RunningApp, two_providers
from tests.tunnel import no_network, with_tunnel

PIXELS = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
"""The two modules of a QR code, one above the other, that a character stands for: its own colour is the light one."""


async def test_without_a_network_it_says_so_asks_for_the_login_that_it_made_and_runs_on(
    upstream: FakeUpstream, tmp_path: Path
) -> None:
    environment = two_providers(upstream) | no_network(tmp_path / "home")
    with RunningApp(tmp_path / "data", environment, "--share") as app:
        await until(lambda: "There is no public link" in app.log, 60)
        (login,) = re.findall(r"CHATBOT_AUTH=(\S+)", app.log)
        name, _, password = login.partition(":")
        assert httpx.get(f"{app.url}/models").status_code == 401
        assert httpx.get(f"{app.url}/models", auth=(name, password)).status_code == 200
        assert httpx.get(f"{app.url}/config").status_code == 401
        assert httpx.post(f"{app.url}/login", data={"username": name, "password": password}).status_code == 200
    assert len(password) >= 12
    assert "can use your API keys" in app.log
    assert "Traceback" not in app.log
    assert len(app.log.splitlines()) == 5


async def test_the_link_leads_to_the_app_and_stands_in_a_qr_code(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | with_tunnel(tmp_path / "home")
    with RunningApp(tmp_path / "data", environment, "--share", "--public") as app:
        await until(lambda: "▀\n\n" in app.log, 60)
        (link,) = re.findall(r"Public link.*: (http\S+)", app.log)
        assert httpx.get(f"{link}/health").json()["status"] == "healthy"
        assert httpx.get(f"{link}/models").status_code == 200
        page = httpx.get(link).text
    assert "Everybody who has it can use your API keys" in app.log
    assert scanned(app.log) == link != app.url
    assert "amazonaws" not in page  # where a page of Gradio's own share=True has its scripts from


async def test_a_login_of_the_operators_is_not_replaced_nor_shown(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | no_network(tmp_path / "home") | {"CHATBOT_AUTH": "ada:lovelace"}
    with RunningApp(tmp_path / "data", environment | {"GRADIO_SHARE": "true"}) as app:
        await until(lambda: "There is no public link" in app.log, 60)
        assert httpx.get(f"{app.url}/models", auth=("ada", "lovelace")).status_code == 200
    assert "a login of CHATBOT_AUTH can use your API keys" in app.log
    assert "lovelace" not in app.log


def scanned(terminal: str) -> str:
    """What a phone's camera reads on that terminal."""
    lines = [line for line in terminal.splitlines() if line and not set(line) - set(PIXELS)]
    rows = [[PIXELS[character][half] for character in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)
