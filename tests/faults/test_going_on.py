"""One bad turn never ends a conversation: what was refused is left out, merged, shortened or folded, and it goes on."""

from typing import Any

import pytest

from chatbot.errors import ContextOverflow, FilesNotRead, InvalidAttachment, RequestRefused, ServiceUnavailable
from chatbot.types import ProviderName
from tests.attachments.test_files_sent import upload
from tests.conftest import CreateReplies
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup, until, wait_for_end

Json = dict[str, Any]
LONG = "A long story about a knee. " * 20

OVERFLOWS: list[tuple[int, object]] = [
    (400, {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
                    "with context length of only 4096 tokens, which is not enough."}),  # LM Studio
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 "
                    "`max_new_tokens`", "error_type": "validation"}),  # Text Generation Inference
    (422, {"error": "Input validation error: `inputs` must have less than 1000 tokens. Given: 2000"}),
    (400, {"object": "error", "message": "The input (5000 tokens) is longer than the model's context length (4096 "
                                         "tokens).", "code": 400}),  # SGLang
    (400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is 131072 but "
                                                                    "the request contains 200000 tokens."}),  # xAI
    (400, [{"error": {"message": "The input token count (1500000) exceeds the maximum number of tokens allowed "
                                 "(1048576).", "status": "INVALID_ARGUMENT"}}]),  # Gemini
    (400, {"error": {"message": "litellm.ContextWindowExceededError: litellm.BadRequestError: too long", "code": "400",
                     "type": "ContextWindowExceededError"}}),
    (400, {"message": "Input is too long for requested model."}),  # Bedrock
    (400, {"message": "Malformed input request: expected maxLength: 300000, actual: 400000"}),
    (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you requested "
                                         "7000 tokens (6900 in the messages, 100 in the completion)."}),  # vLLM
    (400, {"error": {"message": "the request exceeds the available context size", "type": "exceed_context_size_error",
                     "n_prompt_tokens": 900, "n_ctx": 512}}),  # llama.cpp
    (500, {"error": {"message": "input (5000 tokens) is too large to process. increase the physical batch size"}}),
    (400, {"error": {"message": "the input length exceeds the context length"}}),  # Ollama
    (400, {"object": "error", "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with "
                                         "32768 maximum context length", "code": "3051"}),  # Mistral
    (400, {"error": {"message": "Please reduce the length of the messages or completion."}}),  # Groq, Cerebras
    (400, {"error": {"message": "Your request exceeded model token limit: 8192"}}),  # Moonshot
    (400, {"error": {"message": "prompt token count of 5000 exceeds the limit of 4096"}}),  # Copilot
    (413, {"error": {"code": "tokens_limit_reached", "message": "Request body too large. Max size: 8000 tokens."}}),
    (400, {"error": {"message": "Range of input length should be [1, 30720]", "code": "invalid_parameter_error"}}),
    (413, {"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}),
    (413, "<html>413 Request Entity Too Large</html>"),  # a proxy
]  # fmt: skip

PICTURE_REFUSALS: list[tuple[int, str]] = [
    (400, "Invalid content type. image_url is only supported by certain models."),
    (400, "Failed to deserialize the JSON body: messages[0]: unknown variant `image_url`, expected `text`"),
    (400, "this-model is not a multimodal model"),
    (404, "No endpoints found that support image input"),
    (422, "Image inputs are not supported by this model."),
    (500, "image input is not supported - hint: you may need to provide the mmproj"),
    (400, "'messages[0].content' must be a string"),
    (400, "At most 0 image(s) may be provided in one request."),
]

SYSTEM_REFUSALS: list[tuple[int, str]] = [
    (400, "System role not supported"),
    (500, "Jinja Exception: System role not supported"),
    (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
    (400, "Only user and assistant roles are supported!"),
    (400, "Developer instruction is not enabled for models/gemma"),
    (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
    (422, "messages[0].role: unknown variant `system`, expected `user` or `assistant`"),
]


def refusal(status: int, message: str) -> Scenario:
    return Scenario(status=status, body={"error": {"message": message}})


def sent(upstream: FakeUpstream, index: int = -1) -> list[Json]:
    return [each for each in upstream.requests[index].body["messages"] if each["role"] != "system"]


def has_picture(upstream: FakeUpstream, index: int = -1) -> bool:
    return "image_url" in str(sent(upstream, index))


@pytest.mark.parametrize("fault", ["server_error", "wrong_key", "empty_answer", "silence_first"])
async def test_a_question_without_an_answer_goes_out_with_the_next(
    fault: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer("One")
    for question in ("Two", "Three"):
        upstream.scenario = FAULTS[fault]
        reply = await replies_setup.say(question, conversation_id)
        if fault == "silence_first":  # stopped before the first word
            await until(lambda: upstream.open_streams)
            await replies_setup.stop(reply)
        await wait_for_end(reply)
    upstream.scenario = Scenario()
    _, answer = await replies_setup.answer("Four", conversation_id)
    assert [each["role"] for each in sent(upstream)] == ["user", "assistant", "user"]
    assert sent(upstream)[-1]["content"] == "Two\n\nThree\n\nFour"
    assert answer.seen
    assert (answer.seen.sent, answer.seen.total) == (5, 5)


@pytest.mark.first_case
@pytest.mark.parametrize(("status", "body"), OVERFLOWS)
async def test_an_overflow_in_any_wording_is_shortened_and_answered(
    status: int, body: Any, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer(f"One {LONG}")
    await replies_setup.answer(f"Two {LONG}", conversation_id)
    upstream.queue(Scenario(status=status, body=body if isinstance(body, str | dict) else str(body).replace("'", '"')))
    _, answer = await replies_setup.answer("Three", conversation_id)
    assert (answer.status, answer.fault) == ("complete", None)
    assert answer.seen
    assert answer.seen.trimmed
    assert len(sent(upstream)) < len(sent(upstream, -2))


async def test_a_message_that_is_too_long_alone_is_reported(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = refusal(400, "Input is too long for requested model.")
    reply = await replies_setup.say(LONG)
    await wait_for_end(reply)
    assert type(reply.error) is ContextOverflow
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(("status", "message"), PICTURE_REFUSALS)
async def test_a_refused_picture_is_reported_once_and_left_out(
    status: int, message: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = refusal(status, message)
    reply = await replies_setup.say("What is it?", files=upload(replies_setup, "a.png"))
    await wait_for_end(reply)
    assert type(reply.error) is FilesNotRead
    assert "does not read the files" in str(reply.error)
    upstream.scenario = Scenario()
    _, answer = await replies_setup.answer("Never mind. Who are you?", reply.conversation_id)
    assert answer.status == "complete"
    assert not has_picture(upstream)
    assert "You are not shown it." in sent(upstream)[0]["content"]
    with pytest.raises(InvalidAttachment):
        await replies_setup.say("And this?", reply.conversation_id, files=upload(replies_setup, "a.png"))


@pytest.mark.first_case
@pytest.mark.parametrize(("status", "message"), PICTURE_REFUSALS)
async def test_a_conversation_with_a_picture_goes_on_with_a_text_model(
    status: int, message: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer("What is it?", files=upload(replies_setup, "a.png"))
    upstream.queue(refusal(status, message))
    for _ in range(2):
        _, answer = await replies_setup.answer("And now?", conversation_id, model="text-model")
        assert answer.status == "complete"
        assert answer.seen
        assert (answer.seen.files, answer.seen.files_unread) == (1, 1)
    assert [has_picture(upstream, index) for index in range(4)] == [True, True, False, False]
    await replies_setup.answer("And now?", conversation_id)  # the model that reads pictures
    assert has_picture(upstream)


async def test_a_refused_picture_stays_left_out_after_a_restart(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    first = create_replies()
    upstream.queue(refusal(500, "image input is not supported"))
    conversation_id, _ = await first.answer("What is it?", files=upload(first, "a.png"))
    await first.close()
    second = create_replies()
    await second.answer("Go on", conversation_id)
    assert not has_picture(upstream)


@pytest.mark.parametrize(("status", "error"), [(400, RequestRefused), (500, ServiceUnavailable)])
async def test_an_older_picture_that_is_refused_in_unknown_words_is_left_out(
    status: int, error: type[Exception], replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id, _ = await replies_setup.answer("What is it?", files=upload(replies_setup, "a.png"))
    upstream.queue(*[refusal(status, "No.")] * (1 if status == 400 else 2))
    _, answer = await replies_setup.answer("And now?", conversation_id, model="another")
    assert answer.status == "complete"
    assert not has_picture(upstream)
    upstream.scenario = refusal(status, "No.")
    reply = await replies_setup.say("And this?", conversation_id, files=upload(replies_setup, "a.png"))
    await wait_for_end(reply)
    assert type(reply.error) is error


async def test_what_a_visitors_account_refuses_counts_for_nobody_else(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    replies_setup = create_replies()
    conversation_id, _ = await replies_setup.answer("What is it?", files=upload(replies_setup, "a.png"))
    upstream.queue(refusal(404, "No endpoints found that support image input"))
    await replies_setup.answer("And now?", conversation_id, key="sk-visitor")
    await replies_setup.answer("And now?", conversation_id)
    assert [has_picture(upstream, index) for index in (-2, -1)] == [False, True]


@pytest.mark.parametrize("stored", [200, 400])
async def test_a_filtered_turn_takes_unanswered_questions_with_it(
    stored: int, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    """They were in the same message, so they may be what the filter refused."""
    conversation_id, _ = await replies_setup.answer("One")
    upstream.queue(FAULTS["wrong_key"])
    await replies_setup.answer("Two", conversation_id)
    filtered = {"error": {"code": "content_filter", "message": "Filtered."}}
    upstream.queue(FAULTS["refusal"] if stored == 200 else Scenario(status=400, body=filtered))
    await replies_setup.answer("Three", conversation_id)
    await replies_setup.answer("Four", conversation_id)
    assert [each["content"] for each in sent(upstream)] == ["One", "You said: One", "Four"]


@pytest.mark.parametrize(("status", "message"), SYSTEM_REFUSALS)
async def test_a_refused_system_role_is_folded_into_the_first_question(
    status: int, message: str, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.queue(refusal(status, message))
    conversation_id, answer = await replies_setup.answer("One", system_prompt="Be brief.")
    await replies_setup.answer("Two", conversation_id, system_prompt="Be brief.")
    await replies_setup.answer("Three", model="another", system_prompt="Be brief.")
    assert answer.status == "complete"
    roles = [[each["role"] for each in request.body["messages"]] for request in upstream.requests]
    assert roles == [["system", "user"], ["user"], ["user", "assistant", "user"], ["system", "user"]]
    assert sent(upstream, 1)[0]["content"] == sent(upstream, 2)[0]["content"] == "Be brief.\n\nOne"


async def test_an_error_about_the_system_is_not_about_its_role(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = refusal(400, "The system is not available.")
    await replies_setup.answer("One", system_prompt="Be brief.")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("provider", ["anthropic", "compatible"])
async def test_a_blank_system_prompt_is_not_sent(
    provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    await replies_setup.answer("One", provider=provider, system_prompt=" \n")
    body = upstream.requests[-1].body
    assert "system" not in body
    assert [each["role"] for each in body["messages"]] == ["user"]


async def test_a_server_may_take_longer_to_begin_than_to_go_on(
    create_replies: CreateReplies, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.providers.wire.SILENCE_SECONDS", 0.2)
    replies_setup = create_replies(chatbot_reply_seconds=60)
    for slow in (Scenario(headers_after=0.6), Scenario(first_token_after=0.6)):
        upstream.scenario = slow
        for provider in ("compatible", "anthropic"):
            _, answer = await replies_setup.answer("Hello", provider=provider)
            assert answer.content == "You said: Hello"
