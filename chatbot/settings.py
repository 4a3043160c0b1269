"""The settings: read once from the environment and `.env`, validated, and passed on as a value."""

import re
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatbot.errors import SettingsError
from chatbot.types import ProviderName

BUNDLED = "bundled"
"""LOCAL_MODEL's default: the small model whose weights the app downloads by itself."""


def _strip(value: object) -> object:
    """Strips white space, with which a key would end as a connection error in the SDKs, and the quotes around a value,
    which Docker's --env-file leaves there."""
    if not isinstance(value, str):
        return value
    stripped = value.strip()
    is_quoted = re.fullmatch(r"""'[^']*'|"[^"]*\"""", stripped)
    return stripped[1:-1].strip() if is_quoted else stripped


def _parse_word(value: object) -> object:
    """One of a few words, however it is written."""
    return value.lower() if isinstance(value, str) else value


def _parse_source(value: object) -> object:
    """A local model's source; None if it is off."""
    word = _parse_word(value)
    return None if word == "off" else BUNDLED if word == BUNDLED else value


def _check_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and _is_host(parts.hostname)
        usable = usable and value.isprintable() and " " not in value
    except ValueError:  # a port that is no number, for one
        usable = False
    if not usable:
        raise ValueError("an address such as https://example.com/v1")
    return value


def _check_database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("an address such as postgresql://name:password@host/database")
    return value


def _is_host(name: str) -> bool:
    """Whether the HTTP client can read a host's name: it fails at empty and long labels, and at an IPv4 address with a
    number above 255. Raises ValueError for those."""
    if re.fullmatch(r"\d+(\.\d+){3}", name):
        ip_address(name)
    return ":" in name or bool(name.encode("idna"))


def _expand_home(value: object) -> object:
    """Resolves `~`, which no shell has expanded in a `.env` file."""
    try:
        return str(Path(value).expanduser()) if isinstance(value, (str, Path)) and str(value).startswith("~") else value
    except RuntimeError:
        raise ValueError("the home directory of a user that this machine has") from None


def _check_root_path(value: str) -> str:
    """The sub-path with one slash before it and none behind; a whole address as it is."""
    if "://" in value:
        return _check_url(value)
    path = value.strip("/")
    if not re.fullmatch(r"[\w.~%/-]*", path, re.ASCII) or "//" in path:
        raise ValueError("a path such as /talk")
    return f"/{path}" if path else ""


def _env_files() -> tuple[Path, ...]:
    """`.env` beside the program that runs, and the one in the current directory, whose values win."""
    program = getattr(sys.modules["__main__"], "__file__", None)
    beside = [Path(program).absolute().parent / ".env"] if program else []
    return (*beside, Path(".env"))


Switch = Annotated[Literal["on", "off"], BeforeValidator(_parse_word)]
Url = Annotated[str, AfterValidator(_check_url)]
RootPath = Annotated[str, AfterValidator(_check_root_path)]


class Settings(BaseSettings):
    """Every setting, named as its variable in lower case. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_file=_env_files(), env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore", frozen=True
    )

    openai_api_key: SecretStr | None = None
    openai_base_url: Url | None = None
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: Url | None = None
    compatible_base_url: Url | None = None
    compatible_api_key: SecretStr | None = None
    compatible_name: str = "Compatible server"
    hf_token: SecretStr | None = None
    local_model: Annotated[str | None, BeforeValidator(_parse_source), BeforeValidator(_expand_home)] = BUNDLED

    chatbot_provider: Annotated[ProviderName | None, BeforeValidator(_parse_word)] = None
    chatbot_model: str | None = None
    chatbot_system_prompt: str = "You are a helpful AI assistant."
    chatbot_temperature: float | None = Field(default=None, ge=0, le=2)
    chatbot_max_tokens: int = Field(default=2000, ge=1)
    chatbot_history_limit: int = Field(default=20, ge=1, le=1000)
    chatbot_data_dir: Annotated[Path, BeforeValidator(_expand_home)] = Path("data")
    chatbot_database_url: Annotated[SecretStr, AfterValidator(_check_database_url)] | None = None
    chatbot_secret: SecretStr | None = None
    chatbot_auth: SecretStr | None = None
    chatbot_messages_per_minute: int = Field(default=20, ge=0)
    chatbot_daily_tokens: int = Field(default=0, ge=0)
    chatbot_memory_tokens: int = Field(default=800, ge=0)
    chatbot_reply_seconds: float = Field(default=300, gt=0, allow_inf_nan=False)
    chatbot_local_downloads: Switch | None = None
    chatbot_discover: Switch = "on"

    chatbot_max_file_mb: float = Field(default=20, gt=0, le=100)
    chatbot_max_files: int = Field(default=10, ge=0, le=100)
    chatbot_max_session_mb: float = Field(default=100, gt=0, allow_inf_nan=False)
    chatbot_longest_answer: int | None = Field(default=None, ge=0)
    chatbot_most_sessions: int = Field(default=10_000, ge=0)
    chatbot_most_conversations: int = Field(default=1000, ge=0)
    chatbot_keep_days: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    chatbot_log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_parse_word)] = "info"
    chatbot_log_texts: bool = False
    chatbot_frame_ancestors: str | None = None

    gradio_server_name: str = "127.0.0.1"
    gradio_server_port: int | None = Field(default=None, ge=1, le=65535)
    gradio_share: bool = False
    gradio_root_path: RootPath | None = None
    space_id: str | None = None
    oauth_client_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _strip_values(cls, values: dict[str, object]) -> dict[str, object]:
        """Strips every value; one of which nothing is left counts as unset, as an empty variable does."""
        stripped = {name: _strip(value) for name, value in values.items()}
        return {name: value for name, value in stripped.items() if value or not values[name]}

    @field_validator("chatbot_auth")
    @classmethod
    def _check_auth(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(all(login) for login in _logins(value)):
            raise ValueError("expected name:password, more of them separated by commas")
        return value

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Reads the environment and `.env`; `overrides`, by the settings' names, win over both.

        Raises SettingsError, whose one line names the variable, its value (never a secret's) and what was expected.
        """
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks them
        except ValidationError as error:
            raise SettingsError(_describe(error)) from None
        except UnicodeDecodeError:
            raise SettingsError(".env: expected a text file in UTF-8") from None

    def logins(self) -> list[tuple[str, str]]:
        """The (name, password) pairs that may log in; empty if no login is needed."""
        return _logins(self.chatbot_auth) if self.chatbot_auth else []

    def secrets(self) -> list[str]:
        """Every secret in the settings, including the passwords of logins."""
        values = (getattr(self, name) for name in type(self).model_fields)
        whole = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        return [*whole, *(password for _, password in self.logins()), *self._database_passwords()]

    def _database_passwords(self) -> list[str]:
        """The password in the database's address, as it is written there and as it is meant."""
        url = self.chatbot_database_url.get_secret_value() if self.chatbot_database_url else ""
        found = re.match(r"\w+://[^:@/]*:([^/]*)@", url)
        return [found[1], unquote(found[1])] if found else []

    @property
    def is_public(self) -> bool:
        """Whether strangers may reach the page: on a Space, and through a public link."""
        return bool(self.space_id) or self.gradio_share

    def local_downloads(self) -> bool:
        """Whether the page may fetch and remove local models. Unset: unless it is public."""
        allowed = not self.is_public if self.chatbot_local_downloads is None else self.chatbot_local_downloads == "on"
        return allowed and self.local_model is not None

    def discovers(self) -> bool:
        """Whether servers on this machine are looked for. On a Space there are none of the operator's."""
        return self.chatbot_discover == "on" and not self.space_id

    def keep_days(self) -> float:
        """Days after which an unvisited session is deleted; 0: never. Unset, it is 30 on a Space, whose disk is
        small and whose visitors are strangers."""
        unset = 30 if self.space_id else 0
        return unset if self.chatbot_keep_days is None else self.chatbot_keep_days

    def longest_answer(self) -> int:
        """The largest max_tokens that a visitor may ask for on the operator's keys; 0: no limit. Unset, it is
        CHATBOT_MAX_TOKENS on a Space, whose visitors are strangers."""
        unset = self.chatbot_max_tokens if self.space_id else 0
        return unset if self.chatbot_longest_answer is None else self.chatbot_longest_answer

    def frame_ancestors(self) -> list[str]:
        """Further sites that may show the page in a frame."""
        return (self.chatbot_frame_ancestors or "").replace(",", " ").split()


def _logins(auth: SecretStr) -> list[tuple[str, str]]:
    pairs = (login.strip().partition(":") for login in auth.get_secret_value().split(","))
    return [(name, password) for name, _, password in pairs]


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    is_secret = "SecretStr" in str(Settings.model_fields[name].annotation)
    value = "(hidden)" if is_secret or _has_password(first["input"]) else repr(first["input"])
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name.upper()}={value}: expected {expected.removeprefix('expected ')}"


def _has_password(value: object) -> bool:
    """Whether a value may be an address with a password in it, which stands before the @."""
    return isinstance(value, str) and "@" in value and "//" in value
