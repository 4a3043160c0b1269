"""The apps that are compared, each a server on loopback with the same upstream."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.bench.processes import Served, free_port, serve
from tests.support.haproxy import HAProxy
from tests.support.postgres import PostgresServer
from tests.support.running import ROOT

PEERS = Path(__file__).with_name("peers")

KEY = "sk-test-operator"


class Contestant(NamedTuple):
    """An app. `serve` takes the upstream's address and the model's name; `box` and `answer` are CSS selectors,
    `early_box` that of a box in which one can type while the app loads."""

    name: str
    serve: Callable[[str, str], AbstractContextManager[Served]]
    box: str
    answer: str
    early_box: str = ""


@contextmanager
def upstream() -> Iterator[str]:
    """Runs an upstream in its own process; yields its address. Model `pace:50x500`: 500 tokens, 50 per second."""
    port = free_port()
    command = [sys.executable, "-m", "tests.fake_upstream", "--port", str(port)]
    with serve(command, port=port, directory=ROOT):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def shared(processes: int, upstream: str, model: str) -> Iterator[Served]:
    """Runs so many processes of this app on one database, behind HAProxy if they are several. Their CPU counts, not
    that of the proxy and the database."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(PostgresServer(durable=True))
        url = server.create_database()
        apps = [stack.enter_context(_ours(upstream, model, CHATBOT_DATABASE_URL=url)) for _ in range(processes)]
        ports = [urlsplit(each.url).port or 0 for each in apps]
        address = stack.enter_context(HAProxy(directory, ports)).url if processes > 1 else apps[0].url
        yield Served(address, [process for each in apps for process in each.processes])


@contextmanager
def _ours(upstream: str, model: str, **more: str) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        environment = {
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{upstream}/v1",
            "CHATBOT_MODEL": model,
            "LOCAL_MODEL": "off",
            "CHATBOT_MESSAGES_PER_MINUTE": "0",
            "CHATBOT_DATA_DIR": f"{directory}/data",
            **more,
        }
        command = [sys.executable, str(ROOT / "app.py"), "--port", str(port)]
        with serve(command, port=port, directory=Path(directory), environment=environment) as server:
            yield server


@contextmanager
def _chatinterface(upstream: str, model: str) -> Iterator[Served]:
    port = free_port()
    with _peer("chatinterface", upstream, model, ["python", "app.py"], port=port, PORT=str(port)) as server:
        yield server


@contextmanager
def _chainlit(upstream: str, model: str) -> Iterator[Served]:
    port = free_port()
    command = ["chainlit", "run", "app.py", "--headless", "--port", str(port)]
    with _peer("chainlit", upstream, model, command, port=port) as server:
        yield server


@contextmanager
def _streamlit(upstream: str, model: str) -> Iterator[Served]:
    port, api = free_port(), free_port()
    page = ["streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)]
    service = ["uvicorn", "api:app", "--port", str(api), "--log-level", "warning"]
    with (
        _peer("streamlit", upstream, model, service, port=api) as api_server,
        _peer("streamlit", upstream, model, page, port=port, API=api_server.url) as page_server,
    ):
        yield Served(page_server.url, [*page_server.processes, *api_server.processes])


def fastapi(upstream: str, model: str) -> AbstractContextManager[Served]:
    """Runs only the tutorial's FastAPI server."""
    port = free_port()
    return _peer(
        "streamlit", upstream, model, ["uvicorn", "api:app", "--port", str(port), "--log-level", "warning"], port=port
    )


OURS = Contestant("this project", _ours, "#message textarea", "#chat .bot-row .message-content", "#shell textarea")
CHATINTERFACE = Contestant(
    "bare ChatInterface", _chatinterface, "textarea[data-testid=textbox]", ".bot-row .message-content"
)
STREAMLIT = Contestant(
    "FastAPI + Streamlit", _streamlit, "[data-testid=stChatInputTextArea]", "[data-testid=stChatMessage]"
)
CHAINLIT = Contestant("Chainlit", _chainlit, "#chat-input", ".ai-message")
CONTESTANTS = {"ours": OURS, "chatinterface": CHATINTERFACE, "streamlit": STREAMLIT, "chainlit": CHAINLIT}


@contextmanager
def _peer(
    name: str, upstream: str, model: str, command: list[str], *, port: int, **environment: str
) -> Iterator[Served]:
    """Runs a peer's app in its own Python environment, which is created the first time."""
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{upstream}/v1", "MODEL": model, **environment}
    program = _environment(name) / "bin" / command[0]
    with serve([str(program), *command[1:]], port=port, directory=PEERS / name, environment=variables) as server:
        yield server


def _environment(name: str) -> Path:
    path = PEERS / name / ".venv"
    if not (path / "ready").exists():
        print(f"Installing {name} into its own environment…", flush=True)
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        install = [str(path / "bin" / "pip"), "install", "--quiet", "-r", str(PEERS / name / "requirements.txt")]
        subprocess.run(install, check=True)
        (path / "ready").touch()
    return path
