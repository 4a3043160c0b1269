"""What is different on a Hugging Face Space, and what the page says about it."""

import os
from pathlib import Path

from gradio.utils import get_space

from chatbot.settings import Settings


def notices(settings: Settings) -> list[str]:
    """Notices for visitors, as keys of the interface's texts."""
    is_on_disk = settings.chatbot_database_url is None
    is_lost = settings.space_id and is_on_disk and not is_on_volume(settings.chatbot_data_dir)
    return ["notice.forgets"] if is_lost else []


def is_on_volume(directory: Path) -> bool:
    """Whether `directory` is on a mounted volume, as a Space's storage bucket is. The rest of a Space's disk is lost at
    every restart."""
    place = directory.resolve()
    return any(os.path.ismount(each) for each in (place, *place.parents) if each != each.parent)


def has_sign_in(settings: Settings) -> bool:
    """Whether visitors can sign in with Hugging Face: on a Space with `hf_oauth`, which sets OAUTH_CLIENT_ID.
    On other hosts Gradio only simulates it, with the operator's own account."""
    return bool(settings.oauth_client_id and get_space())
