"""The embedded model: llama.cpp inside this process, speaking the OpenAI protocol on a loopback port."""

import asyncio
import atexit
import os
import re
import secrets
import socket
import stat
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from chatbot.errors import ModelNotLoaded
from chatbot.providers.local.weights import find_weights, model_name

CONVERSATIONS = 4
"""Answers that are written at the same time; more wait. Four make the most of two cores (measured)."""
CONTEXT_TOKENS = 2048
"""What a conversation may hold, answer included. Of the default model that takes 47 MB (23 kB a token)."""
BATCH_TOKENS = 128
"""Tokens of a prompt that are read at once. The others' answers, and Stop, wait for them: half a second at
250 tokens a second (measured); llama.cpp's 2,048 would take eight. More are not read any faster."""
CACHE_MIB = 256
"""Memory for the read prompts of five conversations; llama.cpp would take 8 GiB."""
LOAD_SECONDS = 10
"""How long `close` waits for a model that is just being loaded. The default takes 0.3 s (measured)."""

CONTROL = re.compile(
    r"<(?=[|｜][^\s<>|｜]{1,40}[|｜]>)"  # ChatML, Llama, Phi, DeepSeek
    r"|<(?=/?(?:s|bos|eos|pad|unk|[a-z]+(?:_[a-z]+)+|reponame|filename)>)"  # Gemma, Mistral, SmolLM2
    r"|\[(?=/?[A-Z][A-Z_]+\])"  # Mistral
)


@dataclass(frozen=True, slots=True)
class LoadState:
    """How far the model is, with a sentence for a person."""

    phase: Literal["waiting", "loading", "ready", "failed"]
    detail: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the loaded model answers, for an OpenAI client."""

    base_url: str
    api_key: str = field(repr=False)


WAITING = LoadState("waiting", "The embedded model loads with the first message.")
FETCHING = LoadState("loading", "Fetching the weights…")
LOADING = LoadState("loading", "Loading…")
CLOSED = "the app is shutting down."


class LlamaServer:
    """One model in this process. Nothing is imported, fetched or loaded before `start`.

    `local_model` is LOCAL_MODEL, and `hf_token` goes with it, as `find_weights` takes them; `cache` is where the
    default's weights are kept.
    """

    context_tokens = CONTEXT_TOKENS

    def __init__(self, local_model: str | None, cache: Path, hf_token: str | None = None) -> None:
        self.model = model_name(local_model)
        self._local_model, self._cache, self._hf_token = local_model, cache, hf_token
        self._lock = threading.Lock()
        self._state = WAITING
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self._closed = False
        self._outcome: Future[Endpoint | ModelNotLoaded] = Future()
        self._outcome.set_running_or_notify_cancel()  # else a waiter who leaves cancels it for the others

    @property
    def state(self) -> LoadState:
        """How far it is now."""
        return self._state

    def start(self) -> None:
        """Begin loading in the background, unless that has begun. Returns at once."""
        with self._lock:
            if self._thread or self._closed:
                return
            self._state = FETCHING
            self._thread = threading.Thread(target=self._load, name="embedded-model", daemon=True)
        atexit.register(self.close)
        self._thread.start()

    async def endpoint(self) -> Endpoint:
        """Where the model answers, once it is loaded; starts it if need be. Raises ModelNotLoaded."""
        self.start()
        outcome = await asyncio.wrap_future(self._outcome)
        if isinstance(outcome, ModelNotLoaded):
            raise ModelNotLoaded(cause=outcome.cause)  # a fresh one: raised again, it piles up frames
        if self._closed:
            raise ModelNotLoaded(cause=CLOSED)
        return outcome

    def close(self) -> None:
        """Stop the server, break off its answers. May block for seconds; `endpoint` raises from then on."""
        atexit.unregister(self.close)
        with self._lock:
            self._closed = True
            thread = None if self._state is FETCHING else self._thread
            server, self._server = self._server, None
        if thread:
            thread.join(LOAD_SECONDS)
        self._settle(ModelNotLoaded(cause=CLOSED))
        self._state = LoadState("failed", str(ModelNotLoaded(cause=CLOSED)))
        if server:
            _hang_up(server.listening_address)
            del server  # the last reference: llama.cpp stops here

    def _load(self) -> None:
        try:
            self._serve(find_weights(self._local_model, self._cache, self._hf_token))
        except ModelNotLoaded as error:
            self._settle(error)
        except ImportError:
            self._settle(ModelNotLoaded(cause="xllamacpp is not installed, or does not run on this machine."))
        except Exception:  # whatever llama.cpp raises: those who wait must be told
            self._settle(ModelNotLoaded(cause="its weights are damaged, of an unknown kind, or too large."))

    def _serve(self, weights: Path) -> None:
        key = secrets.token_urlsafe(32)
        with self._lock:
            if self._closed:
                return
            self._state = LOADING
        server = _start_server(weights, self.model, key)
        with self._lock:
            if self._closed:
                return  # nobody knows the server yet: it stops with its last reference, which this was
            self._server = server
        self._settle(Endpoint(f"{server.listening_address}/v1", key))

    def _settle(self, outcome: Endpoint | ModelNotLoaded) -> None:
        """Tell everybody how it ended, once."""
        with self._lock:
            if self._outcome.done():
                return
            if isinstance(outcome, Endpoint):
                self._state = LoadState("ready", f"{self.model} is ready.")
            else:
                self._state = LoadState("failed", str(outcome))
                if not self._closed:
                    sys.stderr.write(f"{outcome}\n")
            self._outcome.set_result(outcome)


def escape_control_tokens(text: str) -> str:
    """`text` with a space inside whatever could be a control token, such as `<|im_end|>`.

    llama.cpp takes control tokens from any text: a visitor could end their turn and speak as the system.
    """
    return CONTROL.sub(lambda match: match[0] + " ", text)


def _start_server(weights: Path, name: str, key: str) -> Any:
    """A running xllamacpp.Server. It loads with the interpreter's lock held: the whole app stands still.

    Raises ImportError, or RuntimeError or ValueError for a file that llama.cpp does not take.
    """
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415 - 100 MB of library

    options = xllamacpp.CommonParams()
    options.model.path = str(weights)
    options.model_alias = {name}
    options.n_ctx, options.n_parallel = CONTEXT_TOKENS * CONVERSATIONS, CONVERSATIONS
    options.n_batch = options.n_ubatch = BATCH_TOKENS
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = _cores()
    options.cache_ram_mib = CACHE_MIB
    options.fit_params = False  # it would load the model twice to learn what it needs
    options.warmup = False  # `_wake` does it, without the lock
    options.verbosity = -1
    options.endpoint_metrics = True
    # Its defaults let any web page on the machine read the prompts.
    options.hostnames, options.port, options.api_keys = ["127.0.0.1"], 0, [key]
    options.endpoint_slots, options.ui, options.cors_origins = False, False, ""
    server = xllamacpp.Server(options)
    _wake(server)
    return server


def _wake(server: Any) -> None:
    """Return when the server works. Raises what it raises for a model that cannot chat.

    A server that is dropped before it got its first question never ends: its loop starts after its constructor
    returned, and forgets that it was told to stop (2 of 60 processes hung at exit). The answer saves the first
    visitor 0.1 s.
    """
    server.handle_metrics()
    hello = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    if "choices" not in server.handle_chat_completions(hello):
        raise RuntimeError("not a chat model")


def _cores() -> int:
    """How many cores this process may use. llama.cpp crawls where its threads take turns on fewer cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # of a container, "200000 100000" means two cores, "max 100000" all
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def _hang_up(url: str) -> None:
    """Shut every socket of this process that belongs to the server at `url`, its listening one included.

    llama.cpp stops only when its clients have gone, and xllamacpp waits for that with the interpreter's lock
    held: a client in this process could never go, and the exit would hang (it did with eight streams).
    """
    parts = urlsplit(url)
    for number in _sockets():
        with suppress(OSError), socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as connection:
            if connection.getsockname() == (parts.hostname, parts.port):
                connection.shutdown(socket.SHUT_RDWR)


def _sockets() -> Iterable[int]:
    """The numbers of this process's open sockets; on Windows, which cannot list them, all that may be one."""
    if sys.platform == "win32":
        return range(4, 1 << 16, 4)
    numbers = []
    for number in map(int, os.listdir("/dev/fd")):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                numbers.append(number)
    return numbers
