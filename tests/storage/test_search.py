"""Search over titles and messages."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.storage import ConversationMemory, SearchResult
from chatbot.storage.search import EXCERPT_MARGIN, SearchQuery, fold
from tests.support.stored_files import add_conversation


def marked(found: list[SearchResult]) -> list[str]:
    """The marked parts of the excerpts."""
    return [each.excerpt[slice(*each.place)] for each in found]


@pytest.mark.parametrize(
    ("text", "query", "match"),
    [
        ("How tall is Mount Everest?", "mount", "Mount"),
        ("How tall is Mount Everest?", "  EVEREST  tall ", "Everest"),
        ("How tall is Mount Everest?", "ever how", "Ever"),
        ("Wie groß ist die Straße?", "STRASSE", "Straße"),
        ("Ein Café in Orléans", "orleans", "Orléans"),
        ("Ein Cafe\u0301 in Paris", "café", "Cafe\u0301"),
        ("Un cafe", "café", "cafe"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
        ("İstanbul", "istanbul", "İstanbul"),
        ("Быстрый ёж", "ЕЖ", "ёж"),
        ("ﬁnd the file", "find", "ﬁnd"),
        ("漢字を書く", "書", "書"),
        ("I don’t know", "don't", "don’t"),
        ("I don't know", "don’t", "don't"),
        ("I donʼt know", "don‘t", "donʼt"),
        ("l´été", "l'ete", "l´été"),
        ("GPT‑5 is new", "GPT-5", "GPT‑5"),
        ("GPT-5 is new", "gpt‑5", "GPT-5"),
        ("2020–2024", "2020-2024", "2020–2024"),
        ("2020-2024", "2020—2024", "2020-2024"),
        ("2020−2024", "2020－2024", "2020−2024"),
        ("a hyphen\u00adation here", "hyphenation", "hyphen\u00adation"),
        ("a hyphenation here", "hyphen\u00adation", "hyphenation"),
        ("zero\u200bwidth", "zerowidth", "zero\u200bwidth"),
        ("می‌خواهم", "میخواهم", "می‌خواهم"),
        ("he said “yes”", '"yes"', "“yes”"),
        ('quote " and \\ slash', '"', '"'),
        ("a 🙂 b", "🙂", "🙂"),
        ("line\nbreak", "break", "break"),
    ],
)
def test_search_ignores_case_and_accents(memory: ConversationMemory, text: str, query: str, match: str) -> None:
    conversation_id = memory.create_conversation("Other")
    message = memory.add_message(conversation_id, "user", text)
    add_conversation(memory, "Something else entirely")
    (hit,) = memory.search(query)
    assert (hit.conversation, hit.message_id) == (memory.get_conversation(conversation_id), message.message_id)
    assert marked([hit]) == [match]


@pytest.mark.parametrize("query", ["", "  \n", "mountain", "tall short", "Mount.Everest", "\ud83d", "x" * 10_000])
def test_an_empty_or_absent_query_finds_nothing(memory: ConversationMemory, query: str) -> None:
    add_conversation(memory, "How tall is Mount Everest?")
    assert memory.search(query) == []


def test_words_in_different_messages_do_not_match(memory: ConversationMemory) -> None:
    add_conversation(memory, "one", "two")
    assert memory.search("one two") == []


def test_titles_are_searched_and_listed_first(memory: ConversationMemory) -> None:
    conversation_id = add_conversation(memory, "The harbour", "A harbour again")
    found = memory.search("harbour")
    assert [(each.message_id is None, each.excerpt) for each in found] == [
        (True, "The harbour"),
        (False, "A harbour again"),
        (False, "The harbour"),
    ]
    memory.rename_conversation(conversation_id, "Ships")
    assert [each.excerpt for each in memory.search("ships")] == ["Ships"]


def test_all_branches_are_searched_without_removed_messages(memory: ConversationMemory) -> None:
    conversation_id = memory.create_conversation("Title")
    hidden = memory.add_message(conversation_id, "user", "hidden words")
    memory.add_message(conversation_id, "user", "shown", after="")
    assert [each.message_id for each in memory.search("hidden")] == [hidden.message_id]
    memory.remove_from(conversation_id, hidden.message_id)
    assert memory.search("hidden") == []


def test_conversations_have_three_results_each_and_the_newest_is_first(memory: ConversationMemory) -> None:
    ids = [memory.create_conversation(str(number)) for number in range(4)]
    for conversation_id in ids:
        for number in range(5):
            memory.add_message(conversation_id, "user", f"needle {number}")
    memory.add_message(ids[1], "user", "hay")
    found = memory.search("needle")
    assert [each.conversation.conversation_id for each in found] == [
        ids[n] for n in (1, 1, 1, 3, 3, 3, 2, 2, 2, 0, 0, 0)
    ]
    assert [each.excerpt for each in found[:3]] == ["needle 4", "needle 3", "needle 2"]
    assert memory.search("needle", limit=4) == found[:4]
    assert memory.search("needle", limit=0) == []


def test_an_excerpt_is_cut_at_words_around_the_match() -> None:
    text = "word " * 40 + "the\nneedle\there " + "word " * 40
    excerpt, place = SearchQuery("needle").excerpt(text)
    assert excerpt[slice(*place)] == "needle"
    assert excerpt.startswith("…word ")
    assert excerpt.endswith(" word…")
    assert "the needle here" in excerpt
    assert 80 < len(excerpt) < 110


def test_an_excerpt_without_spaces_is_cut_at_the_margin() -> None:
    excerpt, place = SearchQuery("ö").excerpt("x" * 500 + "Ö" + "y" * 500)
    assert excerpt == "…" + "x" * EXCERPT_MARGIN + "Ö" + "y" * EXCERPT_MARGIN + "…"
    assert place == (EXCERPT_MARGIN + 1, EXCERPT_MARGIN + 2)


@given(st.text(max_size=300), st.data())
def test_any_word_of_a_text_is_found_and_marked(text: str, data: st.DataObject) -> None:
    words = text.split()
    if not words:
        return
    word = data.draw(st.sampled_from(words))
    query = SearchQuery(word)
    if not query:  # nothing but accents
        return
    assert all(each in fold(text) for each in query.words)
    excerpt, (start, end) = query.excerpt(text)
    assert 0 <= start < end <= len(excerpt)
    if all(fold(part) == "".join(map(fold, part)) for part in (text, word)):
        assert fold(word).split()[0] in fold(excerpt[start:end])


def test_search_finds_only_the_sessions_own_messages(memory: ConversationMemory, tmp_path: Path) -> None:
    add_conversation(memory, "needle")
    other = ConversationMemory(tmp_path / "another-session")
    add_conversation(other, "hay")
    assert other.search("needle") == []
    assert ConversationMemory(tmp_path / "the-session").search("needle") == memory.search("needle") != []
