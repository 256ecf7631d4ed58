"""The fields at the head of a note: what becomes a passage, word for word, and what is said."""

import json
from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers.plain.front_matter import front_matter
from commonplace.corpus.readers.plain.markdown import read
from commonplace.corpus.readers.plain.notebook import read as read_notebook
from growth import in_proportion

LIMITS = Limits()


def document(text: str, limits: Limits = LIMITS) -> Document:
    return read(Path("note.md"), text.encode(), limits)


def passages(text: str) -> list[str]:
    return [draft.text for draft in document(text).drafts]


def named(lines: str, syntax: str) -> str:
    return f"{lines} of the front matter could be read as text only, not as {syntax}"


@pytest.mark.parametrize(
    "fields",
    [
        "tags:\n  - ceramics\n  - studio/pottery\naliases: [Brennofen, oven]\nkiln: Nabertherm",
        "title: Kiln\nsupplier: Tal\ndate: 2024-11-05",
        "author:\n  name: Ingeborg Tal\n  phone: 555-0142",
        "tags:\n- ceramics\n- pottery",
        "summary: >\n  Heat slowly\n\n  and long.\nkiln: x",
        "Öffnungszeiten: 9 bis 17",
        "tags: #ceramics",
        "cost (EUR): 40\n# a remark\nkiln/model: N 100",
        '"quoted key": yes',
        "kiln: x  # of the studio",
        "  kiln: indented\n  tags: [a]",
        "layout: post\ncategories: wheel clay\npermalink: /:year/:title/",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_fields_are_a_passage_word_for_word(fields: str, newline: str) -> None:
    text = f"---\n{fields}\n---\n\nBody.\n".replace("\n", newline)
    note = document(text)
    assert [draft.text for draft in note.drafts] == [fields.replace("\n", newline), "Body."]
    assert note.notices == ()
    for draft in note.drafts:
        assert isinstance(draft.locator, TextLocator)
        assert text[draft.locator.start : draft.locator.end] == draft.text


@pytest.mark.parametrize(
    "fields",
    ['kiln = "Nabertherm"\ntags = ["a", "b"]', 'tags = [\n  "a",\n]\n\n[params]\nweight = 10'],
)
def test_toml_fields_are_too(fields: str) -> None:
    note = document(f"+++\n{fields}\n+++\nBody.")
    assert [draft.text for draft in note.drafts] == [fields, "Body."]
    assert note.notices == ()


def test_a_note_of_properties_only_has_a_passage() -> None:
    assert passages("---\nname: Ottokar\nphone: 555-0142\n---\n") == [
        "name: Ottokar\nphone: 555-0142"
    ]
    assert passages("---\ntitle: Ask about the kiln\n---") == ["title: Ask about the kiln"]


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "tags:\naliases: []",
        'author: ""\nkiln: null',
        "title: Kiln\ntags:",
        "# a remark",
        "author:\n  name:\n  mail: \ntags:\n  -",
    ],
)
def test_what_says_nothing_but_the_title_is_no_passage(fields: str) -> None:
    assert passages(f"---\n{fields}\n---\nBody.") == ["Body."]


def test_fields_without_a_value_are_left_out_at_the_ends() -> None:
    assert passages("---\ntags:\nkiln: x\nby:\ndue: 2024\naliases: []\n\n---\nBody.") == [
        "kiln: x\nby:\ndue: 2024",
        "Body.",
    ]


def test_fields_stand_under_no_heading_and_apart_from_the_body() -> None:
    note = document("---\nkiln: x\n---\n# Oven\n\nBody.")
    assert [(draft.heading, draft.text) for draft in note.drafts] == [
        ((), "kiln: x"),
        (("Oven",), "Body."),
    ]
    assert note.title == "Oven"


def test_long_front_matter_is_cut_between_fields() -> None:
    fields = "".join(f"field_{number}: of some words\n" for number in range(40))
    note = document(f"---\n{fields}---\n", Limits(passage_characters=300))
    assert len(note.drafts) > 1
    assert "\n".join(draft.text for draft in note.drafts) == fields.strip()


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ('title: Pump: part 2\ntags: [pump, {{date}}\nspare: "impeller of bronze', "lines 3-4"),
        ("kiln: x\nloose words\ntags: [a]", "line 3"),
        ("kiln: x\n\tsub: y\ntags: [a", "lines 2-4"),
        ("author: [tal\nkiln: x\nby: {me", "lines 2 and 4"),
        ("loose words\nkiln: x\ntags: [a]", "line 2"),
        ("{{x}}\n- loose\nkiln: x\nby: y\nto: z", "lines 2-3"),
        ("kiln: *nobody\nok: y", "line 2"),
    ],
)
def test_broken_fields_are_kept_as_they_stand_and_named(fields: str, lines: str) -> None:
    note = document(f"---\n{fields}\n---\nBody.")
    assert [draft.text for draft in note.drafts] == [fields, "Body."]
    assert note.notices == (named(lines, "YAML"),)


def test_broken_toml_is_named_too() -> None:
    note = document('+++\nkiln = [Nabertherm\ntags = ["a"]\n+++\nBody.')
    assert note.drafts[0].text == 'kiln = [Nabertherm\ntags = ["a"]'
    assert note.notices == (named("line 2", "TOML"),)


def test_many_broken_lines_are_named_shortly() -> None:
    fields = "".join(f"good_{number}: x\nbad_{number}: [x\n" for number in range(40))
    (notice,) = document(f"---\n{fields}---\n").notices
    assert notice.startswith("lines 3, 5, 7, 9, 11 and 35 more of the front matter")


@pytest.mark.parametrize(
    "fields",
    ["title: Pump: notes: part 2", "by: @tal\nkiln: `N 100`\npart: 50% off", " kiln: x\ntags: y"],
)
def test_a_line_that_is_clear_as_text_is_no_notice(fields: str) -> None:
    note = document(f"---\n{fields}\nowner: Tal\n---\nBody.")
    assert note.drafts[0].text == f"{fields}\nowner: Tal"
    assert note.notices == ()


@pytest.mark.parametrize(
    "text",
    ["---\nSome words, more words\n---\nx", "---\nSome words\nand more\nof: these\n---\nx"],
)
def test_a_page_that_begins_with_a_rule_has_no_fields(text: str) -> None:
    assert front_matter(text).end == 0
    assert document(text).notices == ()


def test_a_page_without_fences_is_read_as_ever() -> None:
    """Properties as Logseq writes them are text already."""
    assert passages("kiln:: Nabertherm\ntags:: a, b\n\n- A block.\n") == [
        "kiln:: Nabertherm\ntags:: a, b\n\n- A block."
    ]


def test_the_first_cell_of_a_notebook() -> None:
    head = {"cell_type": "raw", "source": '---\nkiln: Nabertherm\nby: "me\n---'}
    body = {"cell_type": "markdown", "source": "Words."}
    data = json.dumps({"cells": [head, body]}).encode()
    note = read_notebook(Path("n.ipynb"), data, LIMITS)
    assert [(draft.text, draft.locator) for draft in note.drafts] == [
        ('kiln: Nabertherm\nby: "me', TextLocator(4, 28, "cell 1")),
        ("Words.", TextLocator(0, 6, "cell 2")),
    ]
    assert note.notices == (named("line 3", "YAML"),)


@pytest.mark.parametrize(
    "line", ["bad: @x\n", "a: [\n", "{{x}}: y\n", "a: *b\n", "a: x" + " " * 50 + "y\n", "- x\n"]
)
def test_broken_front_matter_takes_no_quadratic_time(line: str) -> None:
    assert in_proportion(lambda lines: document("---\n" + line * lines + "---\nx"), 400)
