"""LlamaServer: llama.cpp inside this process, speaking the OpenAI protocol on a loopback port."""

import asyncio
import atexit
import os
import re
import secrets
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from chatbot.errors import ModelNotLoaded
from chatbot.i18n import Text
from chatbot.providers.local.capacity import fitting_context, free_memory
from chatbot.providers.local.demo_model import TEMPERATURE, TOP_P, adapter_for
from chatbot.providers.local.gguf import GgufFacts, read_facts
from chatbot.providers.local.weights import find_weights, model_name
from chatbot.types import ModelProfile

PARALLEL_ANSWERS = 4
"""The demo model's answers at the same time; more wait. Four make the most of two cores (measured)."""
PARALLEL_ANSWERS_OF_OTHERS = 2
"""Larger models need the memory for their context."""
CONTEXT_TOKENS = 2048
"""The context window of each answer of the demo model. It takes 47 MB (23 kB a token)."""
BATCH_TOKENS = 128
"""Prompt tokens that are read at once. Other answers, and Stop, wait for them: half a second at 250 tokens a second
(measured); llama.cpp's 2,048 would take eight. Larger batches are not faster."""
CACHE_MIB = 256
"""Memory for the cached prompts of five conversations; llama.cpp's default is 8 GiB."""
MEASURED_TOKENS = 8
"""How many tokens the model writes to see that it can chat, and how fast."""
MEASURING_SECONDS = 1.0
"""A model that takes longer for them is not measured twice."""
LOAD_SECONDS = 60
"""The longest that `close` waits for a model that is loading: a process that ends during it crashes. The default model
takes 0.3 s, and 13 s if ten other processes share its two cores (measured)."""

CONTROL_TOKEN = re.compile(
    r"<(?=[|｜][^\s<>|｜]{1,40}[|｜]>)"  # ChatML, Llama, Phi, DeepSeek
    r"|<(?=/?(?:s|bos|eos|pad|unk|[a-z]+(?:_[a-z]+)+|reponame|filename)>)"  # Gemma, Mistral, SmolLM2
    r"|\[(?=/?[A-Z][A-Z_]+\])"  # Mistral
)


@dataclass(frozen=True, slots=True)
class LoadState:
    """How far the model is, and the text that says so."""

    phase: Literal["waiting", "loading", "ready", "failed"]
    text: Text


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address and key of the loaded model, for an OpenAI client. `is_demo`: it is the demo model; `can_think`: its
    template has the switch `enable_thinking`; `control_tokens`: those that its own file names."""

    base_url: str
    api_key: str = field(repr=False)
    is_demo: bool = False
    can_think: bool = False
    control_tokens: tuple[str, ...] = ()


WAITING = LoadState("waiting", Text("model.waiting"))
FETCHING = LoadState("loading", Text("model.fetching"))
LOADING = LoadState("loading", Text("model.loading"))


class LlamaServer:
    """One model in this process. Nothing is imported, downloaded or loaded before `start`.

    `local_model` (LOCAL_MODEL), `cache` and `hf_token` are as `find_weights` takes them.
    """

    def __init__(self, local_model: str | None, cache: Path, hf_token: str | None = None) -> None:
        self.model = model_name(local_model)
        self.profile = ModelProfile(self.model, context_tokens=CONTEXT_TOKENS)
        """Of the demo model; of another one's file it is known once that is loaded."""
        self.tokens_per_second: float | None = None
        """As measured after loading."""
        self._name = "" if local_model is None else self.model
        self._local_model, self._cache, self._hf_token = local_model, cache, hf_token
        self._lock = threading.Lock()
        self._state = WAITING
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self._closed = False
        self._outcome: Future[Endpoint | ModelNotLoaded] = Future()
        self._outcome.set_running_or_notify_cancel()  # or one cancelled waiter would cancel it for the others

    @property
    def state(self) -> LoadState:
        """How far the model is now."""
        return self._state

    def start(self) -> None:
        """Starts loading in the background, once. Returns at once."""
        with self._lock:
            if self._thread or self._closed:
                return
            self._state = FETCHING
            self._thread = threading.Thread(target=self._load, name="local-model", daemon=True)
        atexit.register(self.close)
        self._thread.start()

    async def endpoint(self) -> Endpoint:
        """Returns the endpoint once the model is loaded, and starts it if need be. Raises ModelNotLoaded."""
        self.start()
        outcome = await asyncio.wrap_future(self._outcome)
        if isinstance(outcome, ModelNotLoaded):
            raise ModelNotLoaded(outcome.cause, self._name)  # a new one: one that is raised again collects frames
        if self._closed:
            raise ModelNotLoaded(Text("cause.closed"), self._name)
        return outcome

    def close(self) -> None:
        """Stops the server and cuts off its answers. May block for seconds; `endpoint` raises from then on."""
        atexit.unregister(self.close)
        with self._lock:
            self._closed = True
            thread = None if self._state is FETCHING else self._thread
            server, self._server = self._server, None
        if thread:
            thread.join(LOAD_SECONDS)
        closed = ModelNotLoaded(Text("cause.closed"), self._name)
        self._resolve(closed)
        self._state = LoadState("failed", closed.text)
        if server:
            _shut_sockets(server.listening_address)
            del server  # the last reference: llama.cpp stops here

    def _load(self) -> None:
        try:
            self._serve(find_weights(self._local_model, self._cache, self._hf_token))
        except ModelNotLoaded as error:
            self._resolve(ModelNotLoaded(error.cause, self._name))
        except ImportError:
            self._resolve(ModelNotLoaded(Text("cause.install"), self._name))
        except Exception:  # whatever llama.cpp raises: the waiters need an outcome
            self._resolve(ModelNotLoaded(Text("cause.damaged"), self._name))

    def _serve(self, weights: Path) -> None:
        key = secrets.token_urlsafe(32)
        adapter = adapter_for(weights) if self._local_model is None else None
        facts = read_facts(weights)
        if adapter is None:
            self.profile = file_profile(self.model, facts)
        with self._lock:
            if self._closed:
                return
            self._state = LOADING
        server = _start_server(weights, adapter, self.profile, key)
        if not self._closed:  # whoever closes waits for this thread
            self.tokens_per_second = _measure(server)
        with self._lock:
            if self._closed:
                return  # the server stops here, with its last reference
            self._server = server
        url, is_demo = f"{server.listening_address}/v1", adapter is not None
        self._resolve(Endpoint(url, key, is_demo, facts.can_think, facts.control_tokens))

    def _resolve(self, outcome: Endpoint | ModelNotLoaded) -> None:
        """Sets the outcome of loading, once."""
        with self._lock:
            if self._outcome.done():
                return
            if isinstance(outcome, Endpoint):
                self._state = LoadState("ready", Text("model.ready", {"model": self.model}))
            else:
                self._state = LoadState("failed", outcome.text)
                if not self._closed:
                    sys.stderr.write(f"{outcome}\n")
            self._outcome.set_result(outcome)


def escape_control_tokens(text: str, tokens: Iterable[str] = ()) -> str:
    """Inserts a space into whatever could be a control token, such as `<|im_end|>`, and into the model's own `tokens`.

    llama.cpp reads control tokens in any text: a visitor could end their turn and speak as the system.
    """
    escaped = CONTROL_TOKEN.sub(lambda match: match[0] + " ", text)
    for token in tokens:
        if token in escaped:
            escaped = escaped.replace(token, f"{token[0]} {token[1:]}")
    return escaped


def file_profile(name: str, facts: GgufFacts) -> ModelProfile:
    """What a model's file says of it: the context that fits into the memory that is free now, and whether it thinks."""
    context_tokens = fitting_context(facts, free_memory(), PARALLEL_ANSWERS_OF_OTHERS)
    return ModelProfile(name, context_tokens=context_tokens, takes_effort=facts.can_think)


def _start_server(weights: Path, adapter: Path | None, profile: ModelProfile, key: str) -> Any:
    """Returns a running xllamacpp.Server for the model of that profile; with an adapter, that of the demo model.
    Loading holds the interpreter's lock: the whole app stands still.

    Raises ImportError, and RuntimeError or ValueError for a file that llama.cpp cannot load.
    """
    # Its threads spin while they wait for each other: on a busy machine two of them wrote 1 to 4 tokens a second, and
    # 42 to 100 if they sleep (measured at a load of ten on two cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415 - 100 MB of library

    options = xllamacpp.CommonParams()
    options.model.path = str(weights)
    options.model_alias = {profile.id}
    options.n_parallel = PARALLEL_ANSWERS if adapter else PARALLEL_ANSWERS_OF_OTHERS
    options.n_ctx = (profile.context_tokens or CONTEXT_TOKENS) * options.n_parallel
    options.n_batch = options.n_ubatch = BATCH_TOKENS
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = _usable_cores()
    if adapter:
        options.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
        options.sampling.temp, options.sampling.top_p = TEMPERATURE, TOP_P  # for requests that do not say
        options.cpuparams.n_threads = 1  # two wait for each other: 60 tokens took 157 s instead of 8 on a busy machine
    options.cache_ram_mib = CACHE_MIB
    options.fit_params = False  # it would load the model twice to measure it
    options.warmup = False  # `_measure` does it, without the lock
    options.verbosity = -1
    options.endpoint_metrics = True
    # Its defaults let any web page on the machine read the prompts.
    options.hostnames, options.port, options.api_keys = ["127.0.0.1"], 0, [key]
    options.endpoint_slots, options.ui, options.cors_origins = False, False, ""
    server = xllamacpp.Server(options)
    # A server that is dropped before its first request never ends: its loop starts after its constructor has returned,
    # and misses the order to stop (2 of 60 processes hung at exit).
    server.handle_metrics()
    return server


def _measure(server: Any) -> float:
    """The tokens a second that the model writes. This also saves the first visitor 0.1 s. Raises what llama.cpp raises
    for a model that cannot chat."""
    started, hello = time.monotonic(), {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": MEASURED_TOKENS}
    answer = server.handle_chat_completions(hello)
    if "choices" not in answer:
        raise RuntimeError("not a chat model")
    if time.monotonic() - started < MEASURING_SECONDS:  # once more: the first time, the weights came from the disk
        answer = server.handle_chat_completions(hello | {"max_tokens": 2 * MEASURED_TOKENS})
    return float(answer["timings"]["predicted_per_second"])


def _usable_cores() -> int:
    """How many cores this process may use. llama.cpp crawls if its threads share fewer cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # of a container, "200000 100000" means two cores, "max 100000" all
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def _shut_sockets(url: str) -> None:
    """Shuts every socket of this process that belongs to the server at `url`, its listening one included.

    llama.cpp stops only when its clients have gone, and xllamacpp waits for that with the interpreter's lock held: a
    client in this process could never go, and the exit would hang (it did with eight streams).
    """
    parts = urlsplit(url)
    for number in _socket_numbers():
        with suppress(OSError), socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as connection:
            if connection.getsockname() == (parts.hostname, parts.port):
                connection.shutdown(socket.SHUT_RDWR)


def _socket_numbers() -> Iterable[int]:
    """The file numbers of this process's open sockets; on Windows, which cannot list them, all that may be one."""
    if sys.platform == "win32":
        return range(4, 1 << 16, 4)
    numbers = []
    for number in map(int, os.listdir("/dev/fd")):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                numbers.append(number)
    return numbers
