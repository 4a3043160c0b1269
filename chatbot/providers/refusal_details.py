"""The particulars of a refusal: token counts, the longest answer that would be taken, what the model does not read."""

import re

from chatbot.providers.error_words import PICTURE
from chatbot.providers.refusals import Refusal, numbers

LENGTHS = (
    re.compile(r"context length is (?P<most>\d+)\D.*?(?:requested|resulted in) (?P<sent>\d+)"),  # OpenAI, vLLM
    re.compile(r"(?P<sent>\d+) tokens > (?P<most>\d+)"),  # Anthropic
)
"""How providers put the numbers of a prompt that is too long into words, if its greater number is not the prompt's."""

LEAST_CONTEXT = 256
"""Tokens. A smaller number in an error is no model's context."""


def token_counts(refusal: Refusal) -> tuple[int | None, int | None]:
    """How many tokens were sent, and how many the model reads, if the provider says so."""
    words = refusal.words
    if match := next((match for pattern in LENGTHS if (match := pattern.search(words))), None):
        return int(match["sent"]), int(match["most"])
    found = sorted({number for number in numbers(words) if number >= LEAST_CONTEXT}, reverse=True)
    return (found[0], found[1]) if len(found) > 1 else (None, None)


LENGTH_PARAMETER = re.compile(
    r"\bmax(imum)?[_ ]?((completion|output|new)[_ ]?)?tokens(?![a-z_])|num_predict|output tokens requested|"
    r"requested \d+ output tokens"
)
OUT_OF_RANGE = re.compile(
    r"\brange|too (large|high|big|many)|at most|less than|greater than|exceed|m(ax|in)imum|between|<=|≤|\d > \d|"
    r"cannot be|can only|limit|larger|invalid|非法|范围"
)
PROMPT_TOKENS = re.compile(
    r"(\d+) (?:(?:`?inputs?`?|prompt) tokens|(?:tokens )?(?:in|of|from) the (?:input )?(?:messages|prompt))"
)
SUM = re.compile(r"(\d+) \+ \d+ > (\d+)")
"""Anthropic's words for a prompt and an answer that are too long together."""
CONTEXT_TOKENS = re.compile(r"(?:(?:context|model) length(?: of| is)?|must be <=)\D{0,20}(\d+)")


def longest_answer(refusal: Refusal, asked: int, *, may_guess: bool = True) -> int | None:
    """The longest answer that the server would take, in tokens, if it refuses one of `asked` tokens as too long; None
    if it refuses something else, or does not name it and no guess is wanted."""
    words = refusal.words
    prompt, context = PROMPT_TOKENS.search(words), CONTEXT_TOKENS.search(words)
    if together := SUM.search(words):
        read, most = together.groups()
    elif prompt and context:
        read, most = prompt[1], context[1]
    else:
        return _longest_named(words, asked, may_guess=may_guess)
    left = int(most) - int(read)
    return left if 0 < left < asked else None


def _longest_named(words: str, asked: int, *, may_guess: bool) -> int | None:
    if not (LENGTH_PARAMETER.search(words) and OUT_OF_RANGE.search(words)):
        return None
    is_exclusive = "exclusive" in words  # Gemini's
    smaller = [number for number in numbers(words) if 1 < number < asked]
    if smaller:
        return max(smaller) - is_exclusive
    # The limit is not named, or what is named is above what was asked for: a guess, which is halved if it fails.
    is_named = any(number >= asked for number in numbers(words) if number != asked)
    return None if is_named or asked < 2 or not may_guess else min(asked // 2, 4096)


SYSTEM_ROLE = re.compile(
    r"system[\W_]{0,3} ?(role|message|instruction|prompt|parameter).{0,60}(not|n't|\bun|only|invalid)|"
    r"(role|message).{0,40}system.{0,40}(not|n't|\bun|invalid)|no system (role|message|prompt)|"
    r"(invalid|unexpected|unknown|unsupported|unrecogni[sz]ed).{0,20}(role|variant|value).{0,10}system|"
    r"role.{0,20}(not|n't|\bun).{0,20}system|developer instruction|system.{0,3} is not one of|"
    r"only .?user.{0,30}assistant.{0,30}roles|(not|n't) support.{0,20}system|"
    r"role.{0,20}must be (one of (?!.*system)|.?user)|should be .?user.? or .?assistant|last role user|"
    r"roles? must alternate|alternate between user|ends with a user role|"
    r"(must|should) (start|begin) with .{0,10}user|first message must|不支持.{0,6}system|system.{0,6}不支持"
)


def refuses_system_role(refusal: Refusal) -> bool:
    """Whether the model's template takes no system message. Templates that want user and assistant to alternate mean
    the same: our messages alternate, but for the system message before them."""
    return bool(SYSTEM_ROLE.search(refusal.words))


def not_read(refusal: Refusal) -> tuple[bool, bool]:
    """Whether FilesNotRead is about images, and whether it is about documents."""
    images = bool(re.search(rf"{PICTURE}|must be a string|valid string", refusal.words))
    return images, not images or "string" in refusal.words
