"""Files as each provider's server receives them, compared with the format that the provider documents."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from chatbot.errors import InvalidAttachment, NotFound, RequestRefused
from chatbot.providers import ProviderPool, traits
from chatbot.providers.local.llama_server import escape_control_tokens
from chatbot.providers.model_list_entries import parse_model_entry
from chatbot.providers.model_profiles import BUILT_IN
from chatbot.types import Message, ModelChoice, ModelProfile, ProviderName
from tests.conftest import MakeSettings
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import SESSION, ReplySetup, wait_for_end
from tests.support.sample_files import pdf, prepared

FENCED = "a.csv:\n```csv\na,b\n1,2\n```"
PAGES = "a.pdf:\n```\nPears\n\nPlums\n```"


async def sent(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName, *names: str, model: str = "any"
) -> Any:
    """Sends a message with those files; returns its content as the upstream received it."""
    await replies_setup.answer("What is it?", provider=provider, model=model, files=upload(replies_setup, *names))
    return upstream.requests[-1].body["messages"][-1]["content"]


def upload(replies_setup: ReplySetup, *names: str) -> list[str]:
    """Uploads those files; returns their ids."""
    files = [prepared(name) for name in names]
    for file in files:
        replies_setup.memory.attachments.upload(file)
    return [file.attachment.attachment_id for file in files]


def encoded(name: str) -> str:
    return b64encode(prepared(name).file.content).decode()


Reads = tuple[bool | None, bool | None]


def reads(profile: ModelProfile) -> Reads:
    """Returns whether a model reads images, and documents."""
    return profile.reads_images, profile.reads_documents


def data_url(name: str, media_type: str) -> str:
    return f"data:{media_type};base64,{encoded(name)}"


@pytest.mark.parametrize("provider", ["openai", "compatible", "huggingface"])
@pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.jpg", "image/jpeg")])
async def test_chat_completions_get_an_image_as_an_image_part(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName, name: str, media_type: str
) -> None:
    """https://platform.openai.com/docs/api-reference/chat/create: an image content part."""
    assert await sent(replies_setup, upstream, provider, name) == [
        {"type": "image_url", "image_url": {"url": data_url(name, media_type)}},
        {"type": "text", "text": "What is it?"},
    ]


async def test_openai_gets_a_pdf_as_a_file_part(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    """https://platform.openai.com/docs/api-reference/chat/create: a file content part."""
    assert await sent(replies_setup, upstream, "openai", "a.pdf") == [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": data_url("a.pdf", "application/pdf")}},
        {"type": "text", "text": "What is it?"},
    ]


@pytest.mark.first_case
@pytest.mark.parametrize("provider", ["compatible", "huggingface"])
async def test_other_servers_get_a_pdfs_text(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName
) -> None:
    assert await sent(replies_setup, upstream, provider, "a.pdf") == f"{PAGES}\n\nWhat is it?"


@pytest.mark.parametrize("provider", ["openai", "compatible", "huggingface"])
async def test_a_text_is_named_and_fenced_in_one_string(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName
) -> None:
    assert await sent(replies_setup, upstream, provider, "a.csv") == f"{FENCED}\n\nWhat is it?"


CACHED = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.jpg", "image/jpeg")])
async def test_anthropic_gets_an_image_as_an_image_block(
    replies_setup: ReplySetup, upstream: FakeUpstream, name: str, media_type: str
) -> None:
    """https://docs.claude.com/en/api/messages: an image block with a base64 source."""
    source = {"type": "base64", "media_type": media_type, "data": encoded(name)}
    assert await sent(replies_setup, upstream, "anthropic", name) == [
        {"type": "image", "source": source} | CACHED,
        {"type": "text", "text": "What is it?"},
    ]


async def test_anthropic_gets_a_pdf_as_a_document_block(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    """https://docs.claude.com/en/docs/build-with-claude/pdf-support: a document block with a base64 source."""
    source = {"type": "base64", "media_type": "application/pdf", "data": encoded("a.pdf")}
    assert await sent(replies_setup, upstream, "anthropic", "a.pdf") == [
        {"type": "document", "title": "a.pdf", "source": source} | CACHED,
        {"type": "text", "text": "What is it?"},
    ]


async def test_anthropic_gets_a_text_named_and_fenced(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    assert await sent(replies_setup, upstream, "anthropic", "a.csv") == [
        {"type": "text", "text": FENCED},
        {"type": "text", "text": "What is it?"},
    ]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_several_files_precede_the_text_in_their_order(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName
) -> None:
    parts = await sent(replies_setup, upstream, provider, "a.csv", "a.pdf", "a.png")
    kinds = {"openai": ["text", "file", "image_url", "text"], "anthropic": ["text", "document", "image", "text"]}
    assert [part["type"] for part in parts] == kinds[provider]
    assert [number for number, part in enumerate(parts) if "cache_control" in part] == [2] * (provider == "anthropic")


async def test_the_cache_breakpoint_moves_to_the_last_file(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, _ = await replies_setup.answer("One", provider="anthropic", files=upload(replies_setup, "a.png"))
    await replies_setup.answer("Two", conversation_id, provider="anthropic", files=upload(replies_setup, "a.pdf"))
    await replies_setup.answer("Three", conversation_id, provider="anthropic")
    messages = upstream.requests[-1].body["messages"]
    assert ["cache_control" in message["content"][0] for message in messages[::2] if message["content"] != "Three"] == [
        False,
        True,
    ]
    assert upstream.requests[-1].body["cache_control"] == {"type": "ephemeral"}


async def test_a_server_that_refuses_the_cache_gets_files_without_it(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.queue(Scenario(refuse_parameters=("cache_control",)))
    parts = await sent(replies_setup, upstream, "anthropic", "a.png")
    assert "cache_control" not in parts[0]
    assert "cache_control" not in upstream.requests[-1].body


async def test_a_message_may_consist_of_a_file_only(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, answer = await replies_setup.answer("", provider="openai", files=upload(replies_setup, "a.png"))
    assert answer.status == "complete"
    assert [part["type"] for part in upstream.requests[-1].body["messages"][-1]["content"]] == ["image_url"]
    assert replies_setup.memory.get_conversation(conversation_id).title == "a.png"


async def test_files_are_sent_again_with_every_later_message(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, _ = await replies_setup.answer(
        "What is it?", provider="openai", files=upload(replies_setup, "a.png")
    )
    await replies_setup.answer("And now?", conversation_id, provider="openai")
    first, _, last = upstream.requests[-1].body["messages"][1:]
    assert b64decode(first["content"][0]["image_url"]["url"].partition(",")[2]) == prepared("a.png").file.content
    assert last["content"] == "And now?"


async def test_undoing_a_message_returns_its_files(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, _ = await replies_setup.answer(
        "One", provider="openai", files=upload(replies_setup, "a.png", "a.pdf")
    )
    undone = await replies_setup.replies.undo(SESSION, conversation_id)
    assert [each.name for each in undone.attachments] == ["a.png", "a.pdf"]
    with pytest.raises(NotFound):
        replies_setup.memory.attachments.get(conversation_id, undone.attachments[0].attachment_id)
    await replies_setup.answer("Two", provider="openai", files=[each.attachment_id for each in undone.attachments])
    sent = upstream.requests[-1].body["messages"][-1]["content"]
    assert [part["type"] for part in sent] == ["image_url", "file", "text"]


TEXT_ONLY: list[tuple[ProviderName, str]] = [
    *(("openai", "gpt-3.5-turbo"), ("openai", "o3-mini"), ("huggingface", "openai/gpt-oss-20b")),
    *(("compatible", "deepseek-r1"), ("compatible", "qwen3:8b")),
]


@pytest.mark.parametrize(("provider", "model"), TEXT_ONLY)
async def test_an_image_for_a_text_model_is_refused_before_sending(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName, model: str
) -> None:
    with pytest.raises(InvalidAttachment, match=r"does not read pictures, and so not “a.png”"):
        await replies_setup.say(
            "What is it?", provider=provider, model=model, files=upload(replies_setup, "a.csv", "a.png")
        )
    assert upstream.requests == []
    assert replies_setup.memory.list_conversations() == []
    folders = [path.parent.name for path in replies_setup.path.rglob("*") if path.is_file()]
    assert set(folders) == {"_uploads"}


@pytest.mark.first_case
@pytest.mark.parametrize(("provider", "model"), TEXT_ONLY)
async def test_a_text_model_gets_a_pdfs_text(
    replies_setup: ReplySetup, upstream: FakeUpstream, provider: ProviderName, model: str
) -> None:
    assert await sent(replies_setup, upstream, provider, "a.pdf", model=model) == f"{PAGES}\n\nWhat is it?"


async def test_a_textless_pdf_for_a_text_model_is_refused(replies_setup: ReplySetup) -> None:
    from chatbot.attachments import prepare  # noqa: PLC0415

    scan = prepare("scan.pdf", pdf(""))
    replies_setup.memory.attachments.upload(scan)
    with pytest.raises(InvalidAttachment, match=r"There is no text in “scan\.pdf”"):
        await replies_setup.say("What is it?", files=[scan.attachment.attachment_id])


async def test_an_earlier_image_is_only_mentioned_to_a_text_model(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer(
        "What is it?", provider="openai", files=upload(replies_setup, "a.png")
    )
    _, answer = await replies_setup.answer("And now?", conversation_id, provider="openai", model="o3-mini")
    first = upstream.requests[-1].body["messages"][1]["content"]
    assert first == "[The file “a.png” was attached here. You are not shown it.]\n\nWhat is it?"
    assert answer.seen
    assert (answer.seen.files, answer.seen.files_unread, answer.seen.files_left_out) == (1, 1, 0)


async def test_the_error_for_a_refused_image_mentions_the_files(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(status=400, message="Bad request.")
    reply = await replies_setup.say("What is it?", files=upload(replies_setup, "a.png"))
    await wait_for_end(reply)
    assert isinstance(reply.error, RequestRefused)
    assert "may not read the files" in str(reply.error)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"architecture": {"input_modalities": ["text", "image", "file"]}}, (True, True)),  # OpenRouter
        ({"architecture": {"input_modalities": ["text"]}}, (False, False)),
        (
            {"capabilities": {"image_input": {"supported": True}, "pdf_input": {"supported": False}}},
            (True, False),
        ),
        ({"capabilities": {"vision": False}}, (False, None)),  # Mistral
        ({"capabilities": None}, (None, None)),
        ({"capabilities": ["completion"], "architecture": {"input_modalities": "text"}}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_a_providers_list_can_say_what_a_model_reads(entry: dict[str, Any], expected: Reads) -> None:
    assert reads(parse_model_entry({"id": "m"} | entry)) == expected


async def test_the_list_takes_precedence_over_the_models_name(settings: MakeSettings, upstream: FakeUpstream) -> None:
    upstream.listed = [{"id": "gpt-oss-eyes", "architecture": {"input_modalities": ["text", "image"]}}]
    providers = ProviderPool(settings())
    assert providers.profile(ModelChoice("compatible", "gpt-oss-eyes")).reads_images is False
    await providers.warm_up()
    assert reads(providers.profile(ModelChoice("compatible", "gpt-oss-eyes"))) == (True, False)
    await providers.aclose()


def test_built_in_models_have_known_traits() -> None:
    for provider in ("openai", "anthropic"):
        assert all(reads(traits(provider, model)) == (True, True) for model in BUILT_IN[provider])
    assert all(traits("huggingface", model).reads_images is False for model in BUILT_IN["huggingface"])
    assert reads(traits("local", "any")) == (False, False)
    for model in ("qwen2.5-vl:7b", "llava", "llama3.2-vision", "gemma3:4b", "pixtral-12b", "phi-4-multimodal"):
        assert traits("compatible", model).reads_images is None


def test_control_tokens_in_a_message_are_escaped() -> None:
    assert Message("user", escape_control_tokens("<|im_end|>")).content == "< |im_end|>"
