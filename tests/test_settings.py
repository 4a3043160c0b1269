"""Settings: defaults, sources and error messages."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from chatbot.errors import SettingsError
from chatbot.settings import Settings
from tests.support.running import ROOT

ENV_FILE = Path(".env")
"""The one of the current directory: conftest.py turns all of them off."""

SECRETS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "COMPATIBLE_API_KEY",
    "HF_TOKEN",
    "CHATBOT_SECRET",
    "CHATBOT_AUTH",
)

DATABASE = "postgresql://chatbot:hunter%202@127.0.0.1/chatbot"

DEFAULTS = {
    "LOCAL_MODEL": "bundled",
    "COMPATIBLE_NAME": "Compatible server",
    "CHATBOT_SYSTEM_PROMPT": "You are a helpful AI assistant.",
    "CHATBOT_MAX_TOKENS": 2000,
    "CHATBOT_HISTORY_LIMIT": 20,
    "CHATBOT_DATA_DIR": Path("data"),
    "CHATBOT_MESSAGES_PER_MINUTE": 20,
    "CHATBOT_DAILY_TOKENS": 0,
    "CHATBOT_MEMORY_TOKENS": 800,
    "CHATBOT_REPLY_SECONDS": 300,
    "CHATBOT_DISCOVER": "on",
    "CHATBOT_MAX_FILE_MB": 20,
    "CHATBOT_MAX_FILES": 10,
    "CHATBOT_MAX_SESSION_MB": 100,
    "CHATBOT_MOST_SESSIONS": 10_000,
    "CHATBOT_MOST_CONVERSATIONS": 1000,
    "CHATBOT_LOG_LEVEL": "info",
    "CHATBOT_LOG_TEXTS": False,
    "GRADIO_SERVER_NAME": "127.0.0.1",
    "GRADIO_SHARE": False,
}
UNSET = {
    *SECRETS,
    "CHATBOT_DATABASE_URL",
    "OPENAI_BASE_URL",
    "ANTHROPIC_BASE_URL",
    "COMPATIBLE_BASE_URL",
    "CHATBOT_PROVIDER",
    "CHATBOT_MODEL",
    "CHATBOT_TEMPERATURE",
    "CHATBOT_LONGEST_ANSWER",
    "CHATBOT_KEEP_DAYS",
    "CHATBOT_LOCAL_DOWNLOADS",
    "CHATBOT_FRAME_ANCESTORS",
    "GRADIO_SERVER_PORT",
    "GRADIO_ROOT_PATH",
}


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the `.env` file that settings are read from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ENV_FILE)
    return tmp_path / ".env"


def load_error() -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    return str(caught.value)


def test_defaults() -> None:
    settings = {name.upper(): value for name, value in Settings.load().model_dump().items()}
    assert settings.pop("SPACE_ID") is settings.pop("OAUTH_CLIENT_ID") is None
    assert settings == DEFAULTS | dict.fromkeys(UNSET)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (
            "CHATBOT_PROVIDER",
            "gpt",
            "'openai', 'anthropic', 'huggingface', 'compatible' or 'local'",
        ),
        ("CHATBOT_TEMPERATURE", "warm", "number"),
        ("CHATBOT_TEMPERATURE", "-0.1", "greater than or equal to 0"),
        ("CHATBOT_TEMPERATURE", "2.1", "less than or equal to 2"),
        ("CHATBOT_TEMPERATURE", "nan", "less than or equal to 2"),
        ("CHATBOT_MAX_TOKENS", "many", "integer"),
        ("CHATBOT_MAX_TOKENS", "1.5", "integer"),
        ("CHATBOT_MAX_TOKENS", "0", "greater than or equal to 1"),
        ("CHATBOT_HISTORY_LIMIT", "0", "greater than or equal to 1"),
        ("CHATBOT_HISTORY_LIMIT", "1001", "less than or equal to 1000"),
        ("CHATBOT_MESSAGES_PER_MINUTE", "-1", "greater than or equal to 0"),
        ("CHATBOT_DAILY_TOKENS", "-1", "greater than or equal to 0"),
        ("CHATBOT_LONGEST_ANSWER", "-1", "greater than or equal to 0"),
        ("CHATBOT_MOST_SESSIONS", "-1", "greater than or equal to 0"),
        ("CHATBOT_MOST_CONVERSATIONS", "all", "integer"),
        ("CHATBOT_KEEP_DAYS", "inf", "finite number"),
        ("CHATBOT_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("CHATBOT_REPLY_SECONDS", "0", "greater than 0"),
        ("CHATBOT_REPLY_SECONDS", "inf", "finite number"),
        ("OPENAI_BASE_URL", "api.openai.com", "an address such as"),
        ("ANTHROPIC_BASE_URL", "ftp://somewhere", "an address such as"),
        ("COMPATIBLE_BASE_URL", "two\nlines", "an address such as"),
        ("COMPATIBLE_BASE_URL", "http://a:b/v1", "an address such as"),
        *(
            ("COMPATIBLE_BASE_URL", f"http://{host}/v1", "an address such as")
            for host in ("256.1.1.1", "[::1", "::1:8000", "h:99999", "a..b", "h\u200b")
        ),
        ("GRADIO_SERVER_PORT", "http", "integer"),
        ("GRADIO_SERVER_PORT", "99999", "less than or equal to 65535"),
        ("GRADIO_SHARE", "maybe", "boolean"),
        ("GRADIO_ROOT_PATH", "two words", "a path such as /talk"),
        ("GRADIO_ROOT_PATH", "/a//b", "a path such as /talk"),
        ("GRADIO_ROOT_PATH", "ftp://somewhere/talk", "an address such as"),
        ("CHATBOT_DATA_DIR", "~nobody-of-this-name/x", "the home directory of a user that this machine has"),
        ("LOCAL_MODEL", "~nobody-of-this-name/x.gguf", "the home directory of a user that this machine has"),
    ],
)
def test_a_wrong_value_is_reported_in_one_line(
    variable: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    line = load_error()
    start = f"{variable}={value!r}: expected "
    assert line.startswith(start)
    assert expected in line.removeprefix(start)
    assert "\n" not in line
    assert line.count("expected") == 1


@pytest.mark.parametrize("form", ["{}", " {} ", '"{}"', "'{}'", '" {} "', "{}\r"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHATBOT_MAX_TOKENS", 50),
        ("CHATBOT_TEMPERATURE", 0.5),
        ("CHATBOT_LOG_TEXTS", True),
        ("CHATBOT_DATA_DIR", Path("données été")),
        ("CHATBOT_PROVIDER", "openai"),
        ("COMPATIBLE_NAME", "Küche"),
        ("COMPATIBLE_BASE_URL", "http://[::1]:8000/v1/"),
        ("GRADIO_SERVER_NAME", "::1"),
        ("LOCAL_MODEL", "bundled"),
    ],
)
def test_spaces_and_quotes_around_a_value_are_removed(
    form: str, variable: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, form.format(value))
    assert getattr(Settings.load(), variable.lower()) == value


@pytest.mark.parametrize("value", ["", "  ", '""', "''", '" "'])
def test_a_value_of_which_nothing_is_left_counts_as_unset(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CHATBOT_MAX_TOKENS", "OPENAI_API_KEY", "CHATBOT_SYSTEM_PROMPT", "CHATBOT_DATA_DIR"):
        monkeypatch.setenv(variable, value)
    settings = Settings.load()
    assert (settings.chatbot_max_tokens, settings.openai_api_key) == (2000, None)
    assert (settings.chatbot_system_prompt, settings.chatbot_data_dir) == (
        "You are a helpful AI assistant.",
        Path("data"),
    )


def test_quotes_within_a_value_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_SYSTEM_PROMPT", '"Yes" and "no" are words.  "Hm" is "none"')
    assert Settings.load().chatbot_system_prompt == '"Yes" and "no" are words.  "Hm" is "none"'


def test_a_byte_order_mark_in_the_env_file_is_no_part_of_a_name(env_file: Path) -> None:
    env_file.write_bytes("\ufeffCHATBOT_MAX_TOKENS=50\r\n".encode())
    assert Settings.load().chatbot_max_tokens == 50


@pytest.mark.parametrize("value", ["hunter2", "name:", ":hunter2", "anna:hunter2,,ben:geheim", "anna:hunter2,ben"])
def test_a_wrong_login_is_reported_without_its_value(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_AUTH", value)
    assert load_error() == "CHATBOT_AUTH=(hidden): expected name:password, more of them separated by commas"


def test_logins_are_names_and_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().logins() == []
    monkeypatch.setenv("CHATBOT_AUTH", "anna:hunter2, ben:with:colon ")
    assert Settings.load().logins() == [("anna", "hunter2"), ("ben", "with:colon")]


def test_secrets_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "name:hunter2")
    settings = Settings.load()
    assert "hunter2" not in f"{settings!r} {settings}"
    assert settings.hf_token
    assert settings.hf_token.get_secret_value() == "name:hunter2"
    monkeypatch.setenv("CHATBOT_MAX_TOKENS", "0")
    assert "hunter2" not in load_error()


@pytest.mark.parametrize("name", sorted({*SECRETS} - {"CHATBOT_AUTH"}))
def test_white_space_around_a_key_is_removed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, " sk-key \r\n")
    assert getattr(Settings.load(), name.lower()).get_secret_value() == "sk-key"
    monkeypatch.setenv(name, " \n")
    assert not getattr(Settings.load(), name.lower())


@pytest.mark.parametrize("name", sorted({*DEFAULTS, *UNSET}))
def test_an_empty_variable_counts_as_unset(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert getattr(Settings.load(), name.lower()) == DEFAULTS.get(name)


@pytest.mark.parametrize(
    ("value", "source"), [("off", None), ("/models/a.gguf", "/models/a.gguf"), ("hf:o/r/f.gguf", "hf:o/r/f.gguf")]
)
def test_the_embedded_model_can_be_chosen_or_turned_off(
    value: str, source: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_MODEL", value)
    assert Settings.load().local_model == source


def test_arguments_override_the_environment_and_it_overrides_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("CHATBOT_MAX_TOKENS=7\nCHATBOT_SYSTEM_PROMPT=Sei höflich.\nSOMETHING_ELSE=1\n", "utf-8")
    assert Settings.load().chatbot_max_tokens == 7
    assert Settings.load().chatbot_system_prompt == "Sei höflich."
    monkeypatch.setenv("CHATBOT_MAX_TOKENS", "8")
    assert Settings.load().chatbot_max_tokens == 8
    assert Settings.load(chatbot_max_tokens="9").chatbot_max_tokens == 9


def test_a_file_with_a_byte_order_mark_is_read(env_file: Path) -> None:
    env_file.write_text("CHATBOT_MAX_TOKENS=7\n", "utf-8-sig")
    assert Settings.load().chatbot_max_tokens == 7


def test_a_file_in_another_encoding_is_reported(env_file: Path) -> None:
    env_file.write_text("OPENAI_API_KEY=hunter2\n", "utf-16")
    assert load_error() == ".env: expected a text file in UTF-8"


def read_example() -> dict[str, str]:
    """Returns the variables of `.env.example` and their values."""
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))


def test_the_example_lists_every_variable_with_its_default_and_a_comment() -> None:
    assert {name for name, value in read_example().items() if value} == DEFAULTS.keys()
    assert {name for name, value in read_example().items() if not value} == UNSET
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines)
    comments = [previous for previous, line in pairwise(lines) if re.match("#[A-Z]", line)]
    assert [line for line in comments if not line.startswith("# ")] == []


def test_uncommented_example_lines_give_the_defaults(env_file: Path) -> None:
    env_file.write_text("\n".join(f"{name}={value}" for name, value in read_example().items()), "utf-8")
    loaded = {name: getattr(Settings.load(), name.lower()) for name in read_example()}
    assert loaded == DEFAULTS | dict.fromkeys(UNSET)


@pytest.mark.parametrize("name", ["CHATBOT_DATA_DIR", "LOCAL_MODEL"])
@pytest.mark.parametrize(("value", "expected"), [("~/x", "{home}/x"), ("~", "{home}"), ("a~/x", "a~/x")])
def test_a_tilde_in_a_path_is_the_home_directory(
    name: str, value: str, expected: str, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(env_file.parent))
    env_file.write_text(f"{name}={value}\n", "utf-8")
    assert str(getattr(Settings.load(), name.lower())) == expected.format(home=env_file.parent)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/talk", "/talk"),
        ("talk", "/talk"),
        ("/talk/", "/talk"),
        ("/a/b-c.d", "/a/b-c.d"),
        ("/", ""),
        ("https://example.com/talk", "https://example.com/talk"),
    ],
)
def test_a_root_path_may_lack_its_slash(value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_ROOT_PATH", value)
    assert Settings.load().gradio_root_path == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OPENAI_BASE_URL", ' "http://a.example/v1" ', "http://a.example/v1"),
        ("CHATBOT_PROVIDER", " OpenAI", "openai"),
        ("CHATBOT_LOG_LEVEL", "'DEBUG'", "debug"),
        ("LOCAL_MODEL", " OFF", None),
        ("LOCAL_MODEL", '"models/a.gguf"', "models/a.gguf"),
    ],
)
def test_quotes_and_capital_letters_around_a_value_do_not_count(
    name: str, value: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert getattr(Settings.load(), name.lower()) == expected


def test_the_password_of_the_database_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATBOT_DATABASE_URL", DATABASE)
    settings = Settings.load()
    assert "hunter" not in f"{settings!r} {settings}"
    assert settings.secrets() == [DATABASE, "hunter%202", "hunter 2"]
    monkeypatch.setenv("CHATBOT_DATABASE_URL", DATABASE.replace("postgresql", "mysql"))
    assert load_error() == (
        "CHATBOT_DATABASE_URL=(hidden): expected an address such as postgresql://name:password@host/database"
    )


def test_quotes_around_a_key_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "'sk-quoted'\n")
    assert Settings.load().secrets() == ["sk-quoted"]


def test_a_password_in_a_wrong_address_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPATIBLE_BASE_URL", "http://me:keep-out@a b/v1")
    with pytest.raises(SettingsError, match=r"^COMPATIBLE_BASE_URL=\(hidden\): ") as caught:
        Settings.load()
    assert "keep-out" not in str(caught.value)
