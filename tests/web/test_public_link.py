"""`--share`: who may use the public link, what the terminal prints, and what happens without a network."""

import re
from pathlib import Path

import httpx
import numpy as np
import pytest
import zxingcpp

from tests.fake_upstream import FakeUpstream
from tests.support.reply_setup import until
from tests.support.running import RunningApp, two_providers
from tests.support.tunnel import no_network, with_tunnel

PIXELS = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
"""The upper and the lower module of a QR code that a character draws: its foreground is the light colour."""


async def test_without_a_network_the_app_runs_with_the_generated_login(upstream: FakeUpstream, tmp_path: Path) -> None:
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


@pytest.mark.tier2
async def test_the_link_reaches_the_app_and_has_a_qr_code(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | with_tunnel(tmp_path / "home")
    with RunningApp(tmp_path / "data", environment, "--share", "--public", forked=False) as app:
        await until(lambda: "▀\n\n" in app.log, 60)
        (link,) = re.findall(r"Public link.*: (http\S+)", app.log)
        assert httpx.get(f"{link}/health").json()["status"] == "healthy"
        assert httpx.get(f"{link}/models").status_code == 200
        page = httpx.get(link).text
    assert "Everybody who has it can use your API keys" in app.log
    assert scan_qr_code(app.log) == link != app.url
    assert "amazonaws" not in page  # the host of the scripts of a page with Gradio's own share=True


async def test_the_operators_login_is_neither_replaced_nor_printed(upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | no_network(tmp_path / "home") | {"CHATBOT_AUTH": "ada:lovelace"}
    with RunningApp(tmp_path / "data", environment | {"GRADIO_SHARE": "true"}) as app:
        await until(lambda: "There is no public link" in app.log, 60)
        assert httpx.get(f"{app.url}/models", auth=("ada", "lovelace")).status_code == 200
    assert "a login of CHATBOT_AUTH can use your API keys" in app.log
    assert "lovelace" not in app.log


def scan_qr_code(terminal: str) -> str:
    """Decodes the QR code that the terminal shows."""
    lines = [line for line in terminal.splitlines() if line and not set(line) - set(PIXELS)]
    rows = [[PIXELS[character][half] for character in line] for line in lines for half in (0, 1)]
    picture = np.kron(np.array(rows, dtype=np.uint8), np.ones((8, 8), dtype=np.uint8))
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)
