"""The command line: `python app.py` with a wrong setting, and with --help."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, clean_environment


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python app.py` in that directory, until it ends."""
    environment = clean_environment() | {"COLUMNS": "120"} | variables
    command = [sys.executable, str(ROOT / "app.py"), *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "variables", "start"),
    [
        ([], {"CHATBOT_MAX_TOKENS": "many"}, "CHATBOT_MAX_TOKENS='many': expected "),
        ([], {"CHATBOT_AUTH": "hunter2"}, "CHATBOT_AUTH=(hidden): expected "),
        (["--port", "abc"], {}, "GRADIO_SERVER_PORT='abc': expected "),
        (["--public"], {}, "--public: expected --share beside it"),
        (["--port", "0"], {"GRADIO_SERVER_PORT": "99999"}, "GRADIO_SERVER_PORT='0': expected "),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line_and_status_2(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], start: str
) -> None:
    ended = run(tmp_path, *arguments, **variables)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(start)
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.endswith("\n")


def test_the_app_reads_the_file_of_the_directory_it_is_started_in(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GRADIO_SERVER_PORT=99999\n")
    ended = run(tmp_path)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert ended.stderr.startswith("GRADIO_SERVER_PORT='99999': expected ")


def test_help_explains_each_flag_and_names_its_variable(tmp_path: Path) -> None:
    ended = run(tmp_path, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    for flag, variable in (("host", "SERVER_NAME"), ("port", "SERVER_PORT"), ("share", "SHARE")):
        assert re.search(rf"^ +--{flag}\b.* \w+ \w+ .*\(GRADIO_{variable}\b", ended.stdout, re.MULTILINE)
    assert re.search(r"^ +--public +with --share: \w+", ended.stdout, re.MULTILINE)
