"""The sentences of errors name the cause, the side that failed and what to do, in every language."""

import re

import pytest

from chatbot.i18n import LOCALES, texts

CLAUSE = re.compile(r"[^.;:。；：，]+[.;:。；：，]")
ADVISED = re.compile(r"failure\.(provider|invalid_attachment|storage|rate_limited|too_many|daily_limit)")
"""Failures that a reader, or the operator, can do something about."""

OTHER_SIDE = re.compile(r"failure\.provider_(?!context_overflow|unavailable\.not_loaded)")
"""Failures of a provider, but for those of the reader's own messages and of the embedded model."""


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_says_what_happened_and_what_to_do(locale: str) -> None:
    found = {key: text for key, text in texts(locale).items() if ADVISED.match(key)}
    assert len(found) > 40
    assert [key for key, text in found.items() if len(CLAUSE.findall(text)) < 2] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sentence_about_a_provider_names_it(locale: str) -> None:
    found = {key: text for key, text in texts(locale).items() if OTHER_SIDE.match(key)}
    assert len(found) > 15
    assert [key for key, text in found.items() if "{provider}" not in text] == []
