"""The command line: `python app.py` with a wrong setting, and with --help."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.support.running import app_without_env_file, clean_environment

pytestmark = pytest.mark.first_case


def run(
    directory: Path, *arguments: str, program: Path | None = None, variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Runs `python app.py` in that directory until it ends."""
    environment = clean_environment() | {"COLUMNS": "120"} | dict(variables)
    command = [sys.executable, str(program or app_without_env_file()), *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "variables", "start"),
    [
        ([], {"CHATBOT_MAX_TOKENS": "many"}, "CHATBOT_MAX_TOKENS='many': expected "),
        ([], {"CHATBOT_AUTH": "hunter2"}, "CHATBOT_AUTH=(hidden): expected "),
        (["--port", "abc"], {}, "GRADIO_SERVER_PORT='abc': expected "),
        (["--public"], {}, "--public: expected --share beside it"),
        (["--port", "0"], {"GRADIO_SERVER_PORT": "99999"}, "GRADIO_SERVER_PORT='0': expected "),
        (
            ["--host", "no-such-host.invalid"],
            {},
            "GRADIO_SERVER_NAME='no-such-host.invalid': expected a name",
        ),
        (["--host", "192.0.2.1"], {}, "GRADIO_SERVER_NAME='192.0.2.1': expected a name or address of this machine"),
        (["--host", "127.0.0.1:80"], {}, "GRADIO_SERVER_NAME='127.0.0.1:80': expected a name or address"),
        ([], {"ALL_PROXY": "gopher://proxy:1"}, "ALL_PROXY='gopher://proxy:1': expected the address of a proxy"),
        ([], {"https_proxy": "http://me:secret@h:x"}, "https_proxy=(hidden): expected the address of a proxy"),
        ([], {"SSL_CERT_FILE": "/nowhere.pem"}, "SSL_CERT_FILE='/nowhere.pem': expected a file with certificates"),
        ([], {"SSL_CERT_FILE": __file__}, f"SSL_CERT_FILE='{__file__}': expected a file with certificates in PEM"),
        ([], {"SSL_CERT_FILE": "", "SSL_CERT_DIR": "/nowhere"}, "SSL_CERT_DIR='/nowhere': expected a directory"),
        ([], {"SSLKEYLOGFILE": "/nowhere/keys"}, "SSLKEYLOGFILE='/nowhere/keys': expected a file that can be written"),
    ],
)
def test_a_wrong_setting_prints_one_line_and_exits_with_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], start: str
) -> None:
    result = run(tmp_path, *arguments, variables=variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(start)
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")


def test_the_app_reads_env_from_its_working_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GRADIO_SERVER_PORT=99999\n")
    result = run(tmp_path)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("GRADIO_SERVER_PORT='99999': expected ")


@pytest.mark.tier2
def test_the_file_beside_the_program_is_read_too_and_the_current_directory_wins(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    program = Path(shutil.copy(app_without_env_file(), tmp_path / "elsewhere"))
    (program.parent / ".env").write_text("GRADIO_SERVER_PORT=99999\n")
    assert run(tmp_path, program=program).stderr.startswith("GRADIO_SERVER_PORT='99999': expected ")
    (tmp_path / ".env").write_text("GRADIO_SERVER_PORT=88888\n")
    assert run(tmp_path, program=program).stderr.startswith("GRADIO_SERVER_PORT='88888': expected ")


def test_help_explains_each_flag_and_names_its_variable(tmp_path: Path) -> None:
    result = run(tmp_path, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for flag, variable in (("host", "SERVER_NAME"), ("port", "SERVER_PORT"), ("share", "SHARE")):
        assert re.search(rf"^ +--{flag}\b.* \w+ \w+ .*\(GRADIO_{variable}\b", result.stdout, re.MULTILINE)
    assert re.search(r"^ +--public +with --share: \w+", result.stdout, re.MULTILINE)
