"""Markdown as it is found: dialects, noise, broken front matter."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.readers.plain.front_matter import front_matter
from commonplace.corpus.readers.plain.markdown import heading_text, read
from growth import in_proportion

LONG = ("Some words that make a paragraph long. " * 15).strip()


def day(*parts: int) -> datetime:
    year, month, date, *clock = parts
    hour, minute, second = clock or (0, 0, 0)
    return datetime(year, month, date, hour, minute, second, tzinfo=UTC)


def document(text: str) -> Document:
    return read(Path("note.md"), text.encode(), Limits())


def passages(text: str) -> list[tuple[tuple[str, ...], str]]:
    return [(draft.heading, draft.text) for draft in document(text).drafts]


def test_headings_give_the_path_also_out_of_order() -> None:
    text = (
        "### Deep\n\na\n\n# Top\n\nb\n\n### Skipped\n\nc\n\nSetext\n------\n\nd\n\n# Other #\n\ne\n"
    )
    assert passages(text) == [
        (("Deep",), "a"),
        (("Top",), "b"),
        (("Top", "Skipped"), "c"),
        (("Top", "Setext"), "d"),
        (("Other",), "e"),
    ]


def test_a_heading_with_nothing_under_it_is_kept() -> None:
    assert passages("# T\n\n### TODO: ask about rank\n\n### And data\n\n## Next\n\nx") == [
        (("T",), "### TODO: ask about rank\n\n### And data"),
        (("T", "Next"), "x"),
    ]


def test_positions_with_windows_line_ends() -> None:
    text = "---\r\ntitle: T\r\n---\r\n# H\r\n\r\npara one\r\nwrapped\r\n\r\n- item\r\n"
    found = document(text)
    assert found.title == "T"
    assert [draft.text for draft in found.drafts] == ["para one\r\nwrapped\r\n\r\n- item"]


@pytest.mark.parametrize(
    "noise",
    [
        ":label:`sec_x`", ":begin_tab:`mxnet`", "{: .class}", "{% include x.html %}",
        "{{< include _setup.qmd >}}", "::: {.note}", "<!-- comment -->", "<img src='x.png'/>",
        "import { Callout } from 'nextra-theme-docs'", "- [Intro](#intro)", "[ref]: https://a.org",
        "<div class='x'>\n<br/>\n</div>", "[TOC]", "***", "<script>\nlet words = 1\n</script>",
    ],
)  # fmt: skip
def test_noise_is_no_passage(noise: str) -> None:
    assert passages(f"{LONG}\n\n{noise}\n") == [((), LONG)]


def test_html_shows_its_words() -> None:
    assert passages("<div class='x'>\n<p>Visible <b>words</b> here.</p>\n</div>") == [
        ((), "Visible <b>words</b> here.")
    ]


def test_mathematics_is_no_list() -> None:
    text = f"{LONG}\n$$\na\n- b\n+ c\n$$\nwhere it ends."
    assert passages(text) == [((), text)]


def test_tables_code_footnotes_and_nested_lists_are_kept_whole() -> None:
    for block in (
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```python\ndef f():\n\n    # not a heading\n    return 1\n```",
        "[^1]: The footnote says so.",
        "1. one\n   - two\n     - three\n\n   more of one\n2. four",
        "> quoted\n> wrapped\n\n> again",
    ):
        assert passages(f"# H\n\n{block}\n") == [(("H",), block)]


def test_a_list_is_cut_between_its_outer_items() -> None:
    below = "  - and below it more words\n" * 9
    found = passages("".join(f"- Item {n} of the list\n{below}" for n in range(9)))
    assert len(found) == 2
    assert all(text.startswith("- Item") for _, text in found)


def test_code_between_liquid_tags_has_no_headings() -> None:
    block = "{% highlight python %}\n# a comment\nx = 1\n{% endhighlight %}"
    assert passages(f"# H\n\n{block}\n") == [(("H",), block)]


def test_links_of_all_kinds_are_found() -> None:
    text = "[a](https://a.org) <https://b.org> https://c.org [d][1] <a href='https://e.org'>e</a>"
    text += "\n\n[1]: https://d.org"
    assert [link.url[8] for link in document(text).links] == ["a", "b", "c", "e", "d"]


@pytest.mark.parametrize(
    ("head", "title", "date"),
    [
        ('title: "A: b"\ndate: 2018-04-08 00:15:06', "A: b", day(2018, 4, 8, 0, 15, 6)),
        ("title: A: b: c\ndate: 2018-04-08\n  - broken: [", "A: b: c", day(2018, 4, 8)),
        ("title: >\n  folded\n  title\ndate: '`r Sys.Date()`'", "folded title", None),
        ("Title: T\nCreated: 2020-01-01\nupdated: 2021-02-03", "T", day(2021, 2, 3)),
        ("a: &a [*a]\ntitle: T", "T", None),
        ("date: 2020-13-45", "note", None),
    ],
)  # fmt: skip
def test_front_matter(head: str, title: str, date: datetime | None) -> None:
    found = document(f"---\n{head}\n---\n\nBody.\n")
    assert (found.title, found.written_at) == (title, date)
    assert [draft.text for draft in found.drafts] == [head, "Body."]


def test_toml_front_matter_and_rules_that_are_none() -> None:
    assert front_matter('+++\ntitle = "T"\ndate = 2020-01-01\n+++\nx').title == "T"
    assert front_matter("---\nNot a field, but words\n---\nx").end == 0
    assert front_matter("---\nnever: closed\n").end == 0


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2018-04-08T00:15:06-07:00", day(2018, 4, 8, 7, 15, 6)),
        ("April 8th, 2018", day(2018, 4, 8)),
        ("Sun, 8 Apr 2018 10:00:00 GMT", day(2018, 4, 8, 10, 0, 0)),
        ("8. April 2018", None),
        ("2018/4/8", day(2018, 4, 8)),
        ("20180408", day(2018, 4, 8)),
        ("31.12.2018", day(2018, 12, 31)),
        ("12/31/2018", day(2018, 12, 31)),
        ("04/05/2018", None),
        ("2018", day(2018, 1, 1)),
        ("May 2018", day(2018, 5, 1)),
        ("soon", None),
        ("9999-99-99", None),
    ],
)
def test_dates(written: str, date: datetime | None) -> None:
    assert parse_date(written) == date


def test_headings_as_one_reads_them() -> None:
    assert heading_text("[**Defining** the `Model`](#x) {#id}") == "Defining the Model"
    assert heading_text("2023 Papers <a name='2023'></a>") == "2023 Papers"
    assert heading_text("snake_case *and* __bold__") == "snake_case and bold"


@pytest.mark.parametrize(
    "text",
    [
        "\\begin{x}\n" * 5_000,
        "[a]: https://x.org\n" * 2_000,
        ">" * 50_000 + " x", "- " * 20_000 + "x", "[" * 50_000, "<div>" * 20_000, "# ![" * 20_000,
    ],
    ids=range(7),
)  # fmt: skip
def test_hostile_files_take_no_quadratic_time(text: str) -> None:
    started = time.process_time()
    document(text)
    assert time.process_time() - started < 30


def test_a_long_file_takes_no_quadratic_time() -> None:
    assert in_proportion(lambda lines: document("A line of a note, with words.\n" * lines), 2_000)
