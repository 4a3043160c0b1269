"""Files on Hugging Face: where one is, how large it is, its digest, and in words why it cannot be had."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.errors import ModelNotLoaded, waiting_time
from chatbot.i18n import Text

CONNECT_SECONDS = 15
"""The longest silence of Hugging Face or a package index. pip tries twice, so a silent index costs 30 s."""

CAUSES = {
    "GatedRepoError": "cause.terms",
    "RepositoryNotFoundError": "cause.repo",
    "RemoteEntryNotFoundError": "cause.entry",
    "HFValidationError": "cause.name",
}
"""Why there are no weights, by the class of huggingface_hub's error."""

STATUS_CAUSES = {401: "cause.repo", 403: "cause.terms", 404: "cause.entry", 429: "cause.wait"}
"""The same by the status of an answer that has no class of its own."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository. `size` is in bytes; `sha256` is what the hub says of its content. `token` opens it."""

    repo: str
    file: str
    url: str
    size: int
    sha256: str
    token: str | None = field(default=None, repr=False)


def find_cached(repo: str, file: str) -> Path | None:
    """The file in Hugging Face's own cache, if it is there. No network."""
    import huggingface_hub as hub  # noqa: PLC0415 - half a second that only a model from there needs

    try:
        cached = hub.try_to_load_from_cache(repo, file)
    except ValueError:
        raise ModelNotLoaded(Text("cause.name", {"repo": repo})) from None
    return Path(cached) if isinstance(cached, str) else None


def look_up(repo: str, file: str, token: str | None) -> HubFile:
    """Asks the hub for the file's size and digest. Blocks for as long as the hub takes, CONNECT_SECONDS at most.

    huggingface_hub reads HF_ENDPOINT itself, and HF_TOKEN if `token` is None. Raises ModelNotLoaded.
    """
    import huggingface_hub as hub  # noqa: PLC0415 - as above

    try:
        url = hub.hf_hub_url(repo, file)
        found = hub.get_hf_file_metadata(url, token=token, timeout=CONNECT_SECONDS)
    except Exception as error:
        # Its text may quote a URL with a token, so only its class and status are used.
        raise ModelNotLoaded(_cause(error, repo, file)) from None
    if not found.size or not re.fullmatch("[0-9a-f]{64}", found.etag or ""):
        raise ModelNotLoaded(Text("cause.digest"))  # nothing to check the file by
    return HubFile(repo, file, url, found.size, str(found.etag), token or hub.get_token())


def _cause(error: Exception, repo: str, file: str) -> Text:
    response = getattr(error, "response", None)
    named = next((CAUSES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in CAUSES), None)
    if named:
        return Text(named, {"repo": repo, "file": file})
    return status_cause(getattr(response, "status_code", 0), getattr(response, "headers", {}), repo, file)


def status_cause(status: int, headers: "dict[str, str]", repo: str, file: str) -> Text:
    """Why the hub does not give the file, by its answer."""
    retry_after = str(headers.get("retry-after", ""))
    wait = waiting_time(float(retry_after) if retry_after.isdecimal() else None)
    return Text(STATUS_CAUSES.get(status, "cause.hub"), {"repo": repo, "file": file, "wait": wait})
