"""What answers show, kind by kind: text as written, code to the byte, links that lead where they say, nothing live."""

import json
from pathlib import Path

import pytest

from chatbot.page.markdown import render_answer
from chatbot.page.markdown.answers import render_unfinished
from tests.browser.payloads import PAYLOADS
from tests.page.markdown.reading import Read, live_parts, read

ANSWERS: dict[str, str] = json.loads(Path(__file__).with_name("answers.json").read_text("utf-8"))


def shown(markdown: str) -> Read:
    return read(render_answer(markdown))


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_has_a_live_part(name: str) -> None:
    found = shown(ANSWERS[name])
    assert live_parts(found) == []
    assert "\ue000" not in found.text


def test_no_payload_has_a_live_part() -> None:
    for payload in [*PAYLOADS, *(f"> {each}" for each in PAYLOADS), *(f"- a\n\n  {each}" for each in PAYLOADS)]:
        assert live_parts(read(render_answer(payload))) == []
        assert live_parts(read(render_unfinished(payload))) == []


WORDS = {
    "q04_escaped_tags": "Write <div> or <T> or <b> and <script>. End.",
    "q14_heading_tag": "Using <T> and <T> here End.",
    "q22_dunder": "Call obj.__init__() then __main__ and __all__ = []. Also _private and __x. End.",
    "q24_ul_no_space": "-item *item 1.item •item End.",
    "q29_link_title": "a [b](javascript:alert(1)) [c](data:text/html,x) [d](/etc/passwd) [e](#x) f [g](file:///C:/x)"
    " [h](vscode://file/x) End.",
    "r01_generic_letters": "A Box<S> holds one S. Vec<U> and Option<I> too; Cell<B> is last. End.",
    "r14_tilde": ANSWERS["r14_tilde"].replace("~~", ""),
    "r16_underscores": "Edit __init__.py and snake_case_name, then 2 * 3 * 4 = 24, and *args, **kwargs here.",
    "r17_winpath": "Open C:\\Users\\me\\.config\\_cache and \\\\server\\share\\[old]\\x. End.",
    "r23_dollars": ANSWERS["r23_dollars"],
    "r24_double_dollar": ANSWERS["r24_double_dollar"],
    "r34_table_br": "a b one two x y End.",
    "r36_comment": "Write <!-- a note --> in the page. End.",
    "r38_details": "<details> <summary>More</summary> Hidden text <p> </details> End.",
    "r39_tag_talk": "Use the <s> tag to strike, <b> for bold and <u> to underline. The end.",
    "r43_footnote": "A fact.[^1] Another.[^2] [^1]: First source. [^2]: Second source.",
    "r45_hash": "#hashtag here #1 is first ##标题 Real",
    "r58_escapes": "*not bold* _x_ # ` 1. <b> [x] End.",
    "r75_refs_only": "Sources: [1]: https://example.org/one [2]: https://example.org/two End.",
    "r77_compare": "if x<y and y>z then a<=b, a<-b, x<3, <3 love, 5<b>4. End.",
    "r85_shell": "Run: cat <file> | grep foo > out && kill -9 <pid> ; echo !$ ![x] date. End.",
    "r93_bs_newline": ANSWERS["r93_bs_newline"],
    "s31_unclosed_fence": "Here: print(1)",
    "x04_sed_groups": ANSWERS["x04_sed_groups"].replace("`", "").replace("*", ""),
}


@pytest.mark.parametrize("name", WORDS)
def test_an_answers_words_are_shown_as_written(name: str) -> None:
    assert shown(ANSWERS[name]).words == WORDS[name]


CODE = {
    "q01_crlf_img": ["x\n"],
    "q03_cr_only": ["x <y>\n"],
    "q11_indent_in_list": [' <config a="b">\n </config>\n', "plain <x y>\n"],
    "q13_shebang": ["#!/bin/bash\ncat <<EOF\n<html>\nEOF\n"],
    "q25_html_entities_code": ["&lt;p&gt; &amp; &nbsp; &copy;\n"],
    "r05_indented_code": ['<div class="x">hi</div>\nlet v = vec![1, 2];\n'],
    "r07_docstring_fence": [
        'def show():\n    """Show it.\n\n    ```\n    <b id=1>hi</b>\n    x = vec![1]\n    ```\n'
        '    """\n    return "<p>"\n'
    ],
    "r09_nested3": ["# Title\n\n```bash\nls -l\n```\n\nMore <text> here.\n"],
    "r10_four_ticks": ["# Title\n```bash\nls <dir>\n```\n"],
    "r11_list_code": ["ls\n", "pwd\n"],
    "r38_details": ["<p>\n"],
    "r69_crlf": ["<div>\n"],
    "r82_code_exact": ["def f():\n\treturn 1   \n\n\n\tx = \"a\\tb\\\\n\"\n  y = ' nbsp \u200bzw'\n"],
    "s31_unclosed_fence": ["print(1)\n"],
    "v01_indented_fence": ["```\ncode\n"],
    "v08_details_T": ["const a: Array<Foo> = new Map<string, Bar>();\n"],
    "x01_make_prose_code": ["all:\n\techo $$HOME\n"],
    "x02_postgres": ["CREATE FUNCTION one() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND;\n$$ LANGUAGE plpgsql;\n"],
    "x06_two_blocks": ["kill $$\n", "echo $$\n"],
    "x08_latex_tutorial": ["\\[ x^2 \\]\n"],
    "x11_jq": ["const { $$hashKey, ...rest } = item;\n"],
}


@pytest.mark.parametrize("name", CODE)
def test_an_answers_code_is_exact(name: str) -> None:
    expected = [code.replace("' nbsp ", "'\xa0nbsp ") for code in CODE[name]]
    assert shown(ANSWERS[name]).code == expected


LANGUAGES = ["c++", "r", "jsonc", "python", "Dockerfile", "no-such-lang", "C#", "diff", ""]


def test_code_is_called_by_its_language_and_highlighted_if_it_is_known() -> None:
    blocks = [block for block in render_answer(ANSWERS["r51_langs"]) if "<pre" in block]
    assert read(blocks).languages == LANGUAGES
    assert ["token" in block for block in blocks] == [True, True, False, True, True, False, True, True, False]


@pytest.mark.parametrize(
    "code", ["\ta\r\tb", "x\n\n\n", "  lead", "trail   ", "\x0b\x0c", "'\"&<>`$\\", "é\u200b\xa0漢🙂"]
)
@pytest.mark.parametrize(
    "language", ["", "py", "html", "js", "make", "sql", "bash", "json", "diff", "c", "php", "yaml", "text"]
)
def test_highlighting_keeps_every_character(code: str, language: str) -> None:
    expected = code.replace("\r", "\n") + "\n"
    assert shown(f"````{language}\n{code}\n````").code == [expected]


LINKS = {
    "q01_crlf_img": [("https://example.org/c.png", "cat"), ("https://example.org/", "https://example.org/")],
    "r03_autolink": [
        ("https://example.org/a?b=1", "https://example.org/a?b=1"),
        ("mailto:me@example.org", "me@example.org"),
    ],
    "r04_link_angle": [("https://example.org/my%20file.html", "the guide"), ("https://example.org/x", "this")],
    "r42_paren_links": [
        ("https://en.wikipedia.org/wiki/Foo_(bar)", "Foo"),
        ("https://en.wikipedia.org/wiki/Foo_(bar)", "https://en.wikipedia.org/wiki/Foo_(bar)"),
        ("https://example.org/a", "https://example.org/a"),
        ("https://example.org/path", "https://example.org/path"),
    ],
    "r59_images": [
        ("https://example.org/cat.png", "A cat"),
        ("https://example.org/dog.png", "dog.png"),
        ("https://example.org/ci", "badge"),
        ("https://example.org/r.png", "ref"),
    ],
    "r75_refs_only": [(f"https://example.org/{name}",) * 2 for name in ("one", "two")],
    "r89_code_in_link": [("https://example.org/foo", "foo<T>()"), ("https://example.org", "https://example.org")],
}


@pytest.mark.parametrize("name", LINKS)
def test_an_answers_links_lead_where_they_say(name: str) -> None:
    assert shown(ANSWERS[name]).links == LINKS[name]


ADDRESSES = [
    ("看https://example.org/路径，谢谢", "https://example.org/路径"),
    ("(https://example.org/a)", "https://example.org/a"),
    ("“https://example.org/a”", "https://example.org/a"),
    ("**https://example.org/a**。", "https://example.org/a"),
    ("https://example.org/a_b_c__d and", "https://example.org/a_b_c__d"),
    ("https://example.org/__init__.py!", "https://example.org/__init__.py"),
    ("https://example.org/a*b*c.", "https://example.org/a*b*c"),
    ("<https://example.org/x>", "https://example.org/x"),
    ("「https://example.org/x」です", "https://example.org/x"),
    ("https://example.org/?q=a&amp;b=c&lt; ", "https://example.org/?q=a&amp;b=c"),
    ("www.example.org/x, and", "www.example.org/x"),
    ("http://localhost:8000/docs.", "http://localhost:8000/docs"),
    ("[https://example.org/a](https://example.org/a)", "https://example.org/a"),
    ("https://example.org/a…", "https://example.org/a"),
]


@pytest.mark.parametrize(("markdown", "address"), ADDRESSES)
def test_a_bare_address_ends_where_a_reader_sees_its_end(markdown: str, address: str) -> None:
    assert [name for _, name in shown(markdown).links] == [address]


FORMULAS = {
    "q06_table6": [],
    "r18_math_inline": ["a<b", "x_1 * y_2 * z_3", "a_i^{b_j}"],
    "r19_math_matrix": ["\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}"],
    "r20_math_prime": ["(y-X\\beta)'(y-X\\beta) < 5"],
    "r22_math_table": ["x^2", "2x", "|x|", "1"],
    "r23_dollars": [],
    "r24_double_dollar": [],
    "r27_math_blank": ["a = b\n\nc = d"],
    "r29_align": ["\\begin{align} a &= b \\\\ c &< d \\end{align}"],
    "r30_math_4pt": ["\\begin{aligned}a&=1\\\\[4pt]b&=2\\end{aligned}"],
    "r90_latex_multi": [
        "f(x) = \\begin{cases} 1 & x<0 \\\\ 2 & x\\ge 0 \\end{cases}",
        "\\sum_{i=1}^n i",
        "x",
        "y",
    ],
    "r91_boxed": ["\\boxed{42}", "x_1", "y"],
    "x01_make_prose_code": [],
    "x02_postgres": [],
    "x04_sed_groups": [],
    "x06_two_blocks": [],
    "x08_latex_tutorial": [],
    "x11_jq": [],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_answers_formulas_are_found_and_no_others(name: str) -> None:
    assert shown(ANSWERS[name]).formulas == FORMULAS[name]


WITH_FORMULA = [
    ("$x^2$ is a square", ["x^2"]),
    ("so ($a_1$, $b$)", ["a_1", "b"]),
    ("$$\nx = 1\n$$", ["x = 1"]),
    ("$$ x = 1 $$", ["x = 1"]),
    ("> $$\n> x = 1\n> $$", ["x = 1"]),
    ("- item\n\n  \\[\n  x = 1\n  \\]\n- next", ["x = 1"]),
    ("1. first: \\[x^2\\]\n2. second", ["x^2"]),
    ("- $$x$$", ["x"]),
    ("\\[\na\n= b\n- c\n\\]", ["a\n= b\n- c"]),
    ("# About \\(x\\)", ["x"]),
    ("**$x$**", ["x"]),
    ("\\[x\\].", ["x"]),
    ("| $|x|$ | b |\n|---|---|\n| 1 | 2 |", ["|x|"]),
    ("text\n\\[\nx\n\\]\ntext", ["x"]),
    ("so \\[E = mc^2\\] holds", ["E = mc^2"]),
    ("so \\[\\frac{a}{b}\\], and \\[x_1\\] too", ["\\frac{a}{b}", "x_1"]),
    ("函数\\(x\\)和\\(ab\\)", ["x", "ab"]),
    ("angle \\[α\\] here", ["α"]),
    ("\\[ n \\]", ["n"]),
    ("$\\text{price in dollars today}$", ["\\text{price in dollars today}"]),
]
WITHOUT_FORMULA = [
    "between $5 and $10",
    "PATH=$HOME/bin:$PATH",
    "$HOME and $PATH, or ${HOME}",
    "costs US$5-US$10",
    "5$ or 10$",
    "restaurants: $$, $$$ and $$$$",
    "echo $$; kill $$ # $$",
    "the PID $$ of $0 and $1, $2",
    "`$x$` and `\\(x\\)`",
    "\\$x$ and $x\\$",
    "`a` costs $3.50, `b` costs $4",
    "a$b$c",
    "$ x $",
    "paid $20 (was $30) and $25",
    "$$ is the PID, and it is never the same; see echo $$",
    "    \\[ x \\]",
    "\\\\(x\\\\)",
    "~~~\n$$\nx\n$$\n~~~",
    "$1 and 2$ and 3",
    "\\[the guide\\](https://example.org/)",
    "\\[x\\] done and \\[ \\] to do",
    "as in \\[1\\] and \\[2, 3\\]",
    "the class `[` is \\[a-z\\] or \\[^abc\\]",
    "\\[optional\\]",
    "usage: run \\[--flag=value\\] \\[file_name\\] \\[<path>\\]",
    "call\\(x\\) and list\\[0\\]",
    "words \\(see below\\) and \\(optional\\)",
    "\\d+\\[x\\]\\(y\\)",
    "\\[note to self\\] is text",
    "open \\[ without end\n\n```sh\necho \\]\n```",
    "$$ starts\n\n```sh\necho $$\n```",
]


@pytest.mark.parametrize(("markdown", "formulas"), WITH_FORMULA)
def test_formulas_stand_in_sentences_quotes_lists_and_tables(markdown: str, formulas: list[str]) -> None:
    assert shown(markdown).formulas == formulas


@pytest.mark.parametrize("markdown", WITHOUT_FORMULA)
def test_dollars_and_brackets_that_mean_themselves_are_no_formula(markdown: str) -> None:
    assert shown(markdown).formulas == []


EMPHASIS = {
    "**注意：**请先保存。": ["注意："],
    "这是**“重点”**内容": ["“重点”"],
    "これは**「太字」**です": ["「太字」"],
    "**볼드(bold)**는 굵게": ["볼드(bold)"],
    "使用**`code`**可以": ["code"],
    "他说**100%**的人": ["100%"],
    "**（注）**は": ["（注）"],
    "plain **bold** text": ["bold"],
    "2 ** 3 ** 4": [],
    "a**b**c": ["b"],
}


@pytest.mark.parametrize("markdown", EMPHASIS)
def test_emphasis_works_beside_cjk_characters(markdown: str) -> None:
    blocks = "".join(render_answer(markdown)).replace('<code dir="ltr">', "").replace("</code>", "")
    found = [part.split("</strong>")[0] for part in blocks.split("<strong>")[1:]]
    assert found == EMPHASIS[markdown]
    assert shown(markdown).words == (markdown.replace("**", "").replace("`", "") if EMPHASIS[markdown] else markdown)


AS_WRITTEN = [
    "D:\\Projects\\[archive]\\*.txt",
    "\\\\nas\\media\\_new",
    "%APPDATA%\\.minecraft\\_x",
    "~\\.ssh\\config",
    "..\\_build\\x",
    "C:\\_a\\.b",
    "HKLM\\Software\\_x",
    "^\\d+\\.\\d*$",
    "\\w+\\[x\\]",
    "file.\\,x",
    'say \\"hi\\"',
    "a\\/b",
    "vec\\d![1]",
    "x <- y",
    "[nowhere]()",
    "![no picture]()",
    "[]()",
    "<b>bold</b> & &nosuch;",
    "#include <b>",
    "Map<String, List<T>>",
    "`<div>",
    "a < b > c",
    "<script>alert(1)</script>",
    "<!DOCTYPE html>",
    "<?php echo 1 ?>",
    "</p>",
    "<details open>",
    "~5 to ~6",
    "1~2~3",
    "H~2~O",
    "~/a ~/b",
    "2*3*4 = 24",
    "2**10 and 3**2",
    "2*x + 3*y",
    "a 3*4 grid, or 5*6",
]


@pytest.mark.parametrize("markdown", AS_WRITTEN)
def test_text_is_shown_as_written(markdown: str) -> None:
    assert shown(markdown).words == markdown
    assert shown(f"> {markdown}").words == markdown
    assert shown(f"- {markdown}").words == markdown


ESCAPED = [
    ("\\*a\\*", "*a*"),
    ("snake\\_case\\_name", "snake_case_name"),
    ("1\\. no list", "1. no list"),
    ("\\- no list", "- no list"),
    ("\\+ no list", "+ no list"),
    ("\\# no heading", "# no heading"),
    ("\\> no quote", "> no quote"),
    ("C\\# and F\\#", "C# and F#"),
    ("\\`no code\\`", "`no code`"),
    ("5 \\< 6 \\& 7", "5 < 6 & 7"),
    ("\\~~no\\~~", "~~no~~"),
    ("Hello\\!", "Hello!"),
    ("50\\% of \\$5", "50% of $5"),
    ("a \\\\ b", "a \\ b"),
    ("\\!\\[x\\](y)", "![x](y)"),
]


@pytest.mark.parametrize(("markdown", "text"), [*ESCAPED[:-1], ("\\![x](y)", "![x](y)")])
def test_what_a_writer_escapes_loses_its_backslash(markdown: str, text: str) -> None:
    assert shown(markdown).words == text


def test_line_breaks_are_kept() -> None:
    assert shown("Roses are red\nViolets are blue  \nSugar\\\nSweet").text.strip().split("\n") == [
        "Roses are red",
        "Violets are blue",
        "Sugar",
        "Sweet",
    ]


def test_lists_keep_the_numbers_that_were_written() -> None:
    lists = "".join(render_answer("5. five\n7. seven\n8. eight\n\nand\n\n1. a\n1. b\n1. c\n"))
    assert '<ol dir="auto" start="5" class="digits-1"><li>five</li><li value="7">seven</li><li>eight</li></ol>' in lists
    assert "<li>a</li><li>b</li><li>c</li>" in lists
    assert 'class="digits-3"' in "".join(render_answer("99. a\n100. b"))


def test_tasks_are_checked_as_written() -> None:
    boxes = [attributes for tag, attributes in shown("- [ ] a\n- [x] b\n- [X] c\n1. [x] d").elements if tag == "input"]
    assert ["checked" in attributes for attributes in boxes] == [False, True, True, True]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| `a \\| b` | or |", ["a | b", "or"]),
        ("| `x || y` | or |", ["x || y", "or"]),
        ("| `Map<K | V>` | union |", ["Map<K | V>", "union"]),
        ("| one | two | three |", ["one", "two | three"]),
        ("| one |", ["one", ""]),
        ("one | two", ["one", "two"]),
        ("| a<br>b | c |", ["a\nb", "c"]),
        ("| <br> | a break |", ["<br>", "a break"]),
    ],
)
def test_a_tables_row_loses_no_words(row: str, cells: list[str]) -> None:
    text = shown(f"| h | i |\n|---|---|\n{row}").text
    assert [cell.strip() for cell in text.split("\t")[3:]] == cells


def test_paragraphs_lists_and_cells_choose_their_direction_and_code_runs_left_to_right() -> None:
    for block in render_answer(ANSWERS["r53_rtl"]):
        assert 'dir="ltr"' in block if "<pre" in block else 'dir="auto"' in block


def test_a_list_and_a_quote_take_the_direction_of_the_block_they_begin_with() -> None:
    for markdown in ("- word\n\n  more\n\n- other", "> word\n>\n> more", "> - word\n\n  more", "- > word"):
        (outer, *others) = [attributes.get("dir") for tag, attributes in shown(markdown).elements if tag != "li"]
        assert outer == "auto", markdown
        assert others[0] is None, markdown


def test_an_image_without_a_name_is_called_as_its_file_and_a_link_without_words_as_its_address() -> None:
    links = shown("![](https://example.org/a/dog.png?x=1) ![](https://example.org/) [](https://example.org/y)").links
    assert [name for _, name in links] == ["dog.png", "example.org", "https://example.org/y"]


def test_deep_nesting_loses_no_words() -> None:
    assert shown("> " * 200 + "deep").words.endswith("deep")
    assert shown("\n".join("  " * level + f"- l{level}" for level in range(50))).words.endswith("l49")
