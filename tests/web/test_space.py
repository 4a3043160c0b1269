"""A Hugging Face Space: the README's front matter, and a run in the environment of a Space."""

import re
from pathlib import Path

import httpx
import pytest
from huggingface_hub import metadata_load
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from chatbot.page.notices import is_on_volume, notices
from chatbot.settings import Settings
from tests.support.api_client import Visitor
from tests.support.running import ROOT
from tests.support.space import SPACE, RunningSpace

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
FIELDS = {
    "title": r".{1,100}",
    "emoji": r"[\U0001F300-\U0001FAFF]",
    "colorFrom": "|".join(COLOURS),
    "colorTo": "|".join(COLOURS),
    "sdk": "gradio",
    "sdk_version": r"\d+\.\d+\.\d+",
    "python_version": r"3\.\d+(\.\d+)?",
    "app_file": r"app\.py",
    "pinned": "True|False",
    "license": "apache-2.0",
    "short_description": r".{1,60}",
    "hf_oauth": "True|False",
}
"""The README's fields and their values according to https://huggingface.co/docs/hub/spaces-config-reference. The limit
of 60 characters is from the hub's error message."""


def front_matter() -> dict[str, object]:
    return dict(metadata_load(ROOT / "README.md") or {})


def test_every_field_of_the_front_matter_is_one_that_spaces_know_with_a_value_that_they_take() -> None:
    matter = front_matter()
    assert matter.keys() <= FIELDS.keys()
    assert matter.keys() >= {"title", "sdk", "sdk_version", "python_version", "app_file", "license"}
    for name, value in matter.items():
        assert re.fullmatch(FIELDS[name], str(value)), name
    assert all(isinstance(matter[name], str) for name in ("sdk_version", "python_version")), "YAML: 3.10 is 3.1"
    assert (ROOT / str(matter["app_file"])).is_file()


def test_the_space_has_supported_gradio_and_python_versions() -> None:
    matter = front_matter()
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    (gradio,) = (Requirement(line.partition("#")[0]) for line in lines if line.startswith("gradio>"))
    assert gradio.specifier.contains(str(matter["sdk_version"]))
    assert SpecifierSet(">=3.11").contains(str(matter["python_version"]))


@pytest.mark.tier2
@pytest.mark.timeout(300)
def test_a_space_without_keys_answers_with_the_local_model(tmp_path: Path) -> None:
    with RunningSpace(tmp_path / "app") as space:
        with Visitor(space.url) as visitor:
            assert visitor.get("/health")["status"] == "healthy"
            assert visitor.get("/models")["default"]["provider"] == "local"
            visitor.http.timeout = 240  # the model may have to be downloaded first
            answer = visitor.chat("Write one short sentence about the sea.", max_tokens=30)
        page = httpx.get(space.url).text
        assert space.stop() == 0
    assert answer["response"]
    assert ("notice.forgets" in page) == (not is_on_volume(space.data))
    assert SPACE["SPACE_ID"] in page
    assert (space.data / "sessions").is_dir()
    # Gradio watches the code of every Space with a package that only Spaces have installed.
    assert space.log.count("Traceback") == space.log.count("`spaces` package is required")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="mounts are detected on Linux only")
def test_the_forgetting_notice_is_for_spaces_without_a_volume(tmp_path: Path) -> None:
    mounted, own = Path("/proc/self"), Path("/nowhere/data")
    assert is_on_volume(mounted)
    assert not is_on_volume(own)
    assert notices(Settings.load(space_id="somebody/chatbot", chatbot_data_dir=own)) == ["notice.forgets"]
    assert notices(Settings.load(space_id="somebody/chatbot", chatbot_data_dir=mounted)) == []
    assert notices(Settings.load(chatbot_data_dir=own)) == []
