"""What is different where the app runs on a Hugging Face Space, and what the page says of it."""

import os
from pathlib import Path

from gradio.utils import get_space

from chatbot.settings import Settings

FORGETS = "notice.forgets"


def notices(settings: Settings) -> list[str]:
    """What visitors are to know, as keys of the interface's texts."""
    return [FORGETS] if settings.space_id and not is_kept(settings.chatbot_data_dir) else []


def is_kept(directory: Path) -> bool:
    """Whether what is in `directory` outlives the machine that it is on: it lies on a volume that is mounted, as a
    Space's bucket is, while the rest of a Space's disk is new at every start."""
    place = directory.resolve()
    return any(os.path.ismount(each) for each in (place, *place.parents) if each != each.parent)


def sign_in_is_on(settings: Settings) -> bool:
    """Whether visitors can sign in with Hugging Face: on a Space with `hf_oauth`, which then sets OAUTH_CLIENT_ID.
    Anywhere else Gradio would only play it, and only with the operator's own account."""
    return bool(settings.oauth_client_id and get_space())
