"""Plain text, reStructuredText, source code and notebooks: what becomes a passage under what."""

import json
from pathlib import Path

import pytest

from commonplace.corpus import Document, Limits, TextLocator
from commonplace.corpus.readers.plain.code import read as read_code
from commonplace.corpus.readers.plain.latex import plain
from commonplace.corpus.readers.plain.notebook import read as read_notebook
from commonplace.corpus.readers.plain.rst import read as read_rst
from commonplace.corpus.readers.plain.text import read as read_text

LIMITS = Limits()
BODY = "".join(f"    value_{n} = compute({n}) + offset\n" for n in range(8))


def found(document: Document) -> list[tuple[tuple[str, ...], str]]:
    return [(draft.heading, draft.text) for draft in document.drafts]


def test_paragraphs_items_and_underlined_headings() -> None:
    text = b"Notes\r\n=====\r\n\r\nTalked to Bob.\r\n- one\r\n- two\r\n  wrapped\r\n"
    text += b"\r\nMore\r\n----\r\nx"
    document = read_text(Path("a.txt"), text, LIMITS)
    assert document.title == "Notes"
    assert found(document) == [
        (("Notes",), "Talked to Bob.\r\n- one\r\n- two\r\n  wrapped"),
        (("Notes", "More"), "x"),
    ]


def test_org_and_latex_have_headings() -> None:
    org = read_text(Path("a.org"), b"#+TITLE: T\n* One :tag:\nText.\n** Two\nMore.", LIMITS)
    assert (org.title, found(org)) == (
        "T",
        [(("One #tag",), "Text."), (("One #tag", "Two"), "More.")],
    )
    tex = (
        b"\\documentclass{x}\n\\title{On It}\n\\section{One}\nText.\n% no\n\\subsection{Two}\nMore."
    )
    latex = read_text(Path("a.tex"), tex, LIMITS)
    assert latex.title == "On It"
    assert found(latex) == [(("One",), "Text."), (("One", "Two"), "More.")]


def test_rows_are_cut_between_lines() -> None:
    document = read_text(Path("a.csv"), b"name,value\n" * 500, LIMITS)
    assert all(draft.text.endswith("name,value") for draft in document.drafts)


def test_restructured_text() -> None:
    text = """=====
Title
=====

Intro with a `link <https://a.org>`_.

.. toctree::
   :maxdepth: 2

   hidden

Section
-------

.. note::
   Content of a note.

Example::

    literal = 1

.. code-block:: python
   :linenos:

   def f(): pass

.. a comment

Sub
~~~
* one
* two
"""
    document = read_rst(Path("a.rst"), text.encode(), LIMITS)
    assert document.title == "Title"
    assert [link.url for link in document.links] == ["https://a.org"]
    headings = [heading for heading, _ in found(document)]
    assert headings == [("Title",), ("Title", "Section"), ("Title", "Section", "Sub")]
    section = found(document)[1][1]
    assert section.startswith("Content of a note.")
    assert section.endswith("def f(): pass")
    assert "hidden" not in "".join(text for _, text in found(document))


def test_python_is_cut_at_definitions() -> None:
    text = (
        f'"""Module."""\nimport os\n\n# why\n@deco\ndef one():\n    """Doc."""\n{BODY}\n'
        f"class Big:\n    '''Class doc.'''\n\n    a: int = 0\n\n"
        + "".join(
            f"    def method_{n}(self):\n" + BODY.replace("    ", "        ") for n in range(6)
        )
    )
    document = read_code(Path("mod.py"), text.encode(), LIMITS)
    names = [heading for heading, _ in found(document)]
    assert names[:3] == [("mod",), ("mod", "one"), ("mod", "Big")]
    assert ("mod", "Big", "method_5") in names
    one = dict(found(document))[("mod", "one")]
    assert one.startswith("# why\n@deco\ndef one():")
    assert '"""Doc."""' in one


def test_other_languages_are_cut_at_blank_lines() -> None:
    body = BODY.replace("    ", "  ")
    function = f"export async function fetchIt(url) {{\n{body}\n{body}}}"
    text = f"// head\n\n{function}\n\nclass Foo {{\n{body}}}\n"
    document = read_code(Path("a.js"), text.encode(), LIMITS)
    assert [heading for heading, _ in found(document)][-2:] == [("a", "fetchIt"), ("a", "Foo")]


def test_broken_python_is_still_text() -> None:
    assert found(read_code(Path("a.py"), b"def f(:\n    x", LIMITS)) == [
        (("a", "f"), "def f(:\n    x")
    ]


def test_notebook_cells_are_parts_and_the_path_runs_on() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Intro."]},
        {"cell_type": "markdown", "source": "## Train"},
        {
            "cell_type": "code",
            "source": "%matplotlib inline\nx = 1",
            "outputs": [{"text": "3 of 4\n"}],
        },
        {"cell_type": "raw", "source": "raw \ud800 text"},
        {"cell_type": "code", "source": ""},
    ]
    data = json.dumps({"cells": cells, "nbformat": 4}).encode()
    document = read_notebook(Path("n.ipynb"), data, LIMITS)
    assert document.title == "Title"
    parts = [
        draft.locator.part for draft in document.drafts if isinstance(draft.locator, TextLocator)
    ]
    assert parts == ["cell 1", "cell 3", "cell 3 output", "cell 4"]
    assert found(document) == [
        (("Title",), "Intro."),
        (("Title", "Train"), "%matplotlib inline\nx = 1"),
        (("Title", "Train"), "3 of 4"),
        (("Title", "Train"), "raw ? text"),
    ]


def test_outputs_are_read_and_pictures_counted() -> None:
    outputs = [
        {"output_type": "stream", "text": ["\x1b[31mmedian\x1b[0m = 0.43 mm\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "mesh share", "text/html": "<p>"}},
        {"output_type": "error", "ename": "KeyError", "evalue": "'sand'", "traceback": ["long"]},
        {"output_type": "display_data", "data": {"image/png": "iVBO", "text/plain": "<Figure>"}},
        {"output_type": "display_data", "data": {"application/json": {}}},
    ]
    cells = [{"cell_type": "code", "source": "run()", "outputs": outputs}]
    document = read_notebook(Path("n.ipynb"), json.dumps({"cells": cells}).encode(), LIMITS)
    texts = "\n".join(draft.text for draft in document.drafts)
    assert "median = 0.43 mm\nmesh share\nKeyError: 'sand'" in texts
    assert document.notices == ("1 picture and 1 output without text in outputs not read",)


def test_org_reads_as_it_is_meant() -> None:
    org = b"""#+TITLE: Garden
#+FILETAGS: :home:plot:
#+AUTHOR: Mara Ried
* TODO Prune the quince  :tree:
  SCHEDULED: <2024-02-20 Tue>
  :PROPERTIES:
  :Supplier: Baumschule Ried
  :ID: 12-34
  :END:
  It stands by the shed.
# a remark that stays out
#+BEGIN_SRC sh
# kept
:x: y
#+END_SRC
"""
    document = read_text(Path("a.org"), org, LIMITS)
    texts = "\n".join(draft.text for draft in document.drafts)
    assert document.title == "Garden"
    assert document.tags == ("home", "plot", "tree")
    assert "FILETAGS: :home:plot:" in texts
    assert "AUTHOR: Mara Ried" in texts
    assert "Supplier: Baumschule Ried\n  It stands" in texts
    assert "# kept\n:x: y" in texts
    assert not any(word in texts for word in ("remark", "12-34", "PROPERTIES", ":END:"))


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"caf\'e na\"{\i}ve \c{c}a \v s \'{\i}", "café naïve ça š í"),
        (r"\L\'od\'z Erd\H os \o re", "Łódź Erdős øre"),
        (r"50\% of it % but not this", "50% of it"),
        (r"see~Table~\ref{tab:w} \& \emph{all of \textbf{it}}", "see Table tab:w & all of it"),
        (r"Ends.\footnote{Twelve in \emph{all}.} --- really", "Ends. (Twelve in all.) — really"),
        (r"\newcommand{\sys}{\textsc{Marlin}}\sys{} and \sys run", "Marlin and Marlin run"),
        (r"$a~b$ \verb|%x|", r"$a~b$ \verb|%x|"),
        (r"Uno & 4.7 \\ Due & 9.1", "Uno | 4.7 \nDue | 9.1"),
        (r"\section[Short]{Long}", r"\section[Short]{Long}"),
        (r"``quoted''", "“quoted”"),
        (r"\begin{verbatim}% kept \'e\end{verbatim}", r"\begin{verbatim}% kept \'e\end{verbatim}"),
    ],
)  # fmt: skip
def test_latex_as_it_reads(tex: str, text: str) -> None:
    assert plain(tex).strip().startswith(text.strip()) or plain(tex).split() == text.split()


def test_a_latex_section_with_a_short_title_is_a_heading_and_comments_stay_out() -> None:
    tex = rb"\section[Short]{Long \'etude}" + b"\n% internal: reviewer two\nWords here.\n"
    document = read_text(Path("a.tex"), tex, LIMITS)
    assert found(document) == [(("Long étude",), "Words here.")]


def test_rows_that_go_on_stand_below_the_names_of_their_columns() -> None:
    rows = "".join(f"A{n:04};part number {n};{n},50;shelf {n % 7}\n" for n in range(200))
    document = read_text(Path("a.csv"), f"sku;name;price;place\n{rows}".encode(), LIMITS)
    headings = [draft.heading for draft in document.drafts]
    assert len(headings) > 2
    assert headings[0] == ()
    assert set(headings[1:]) == {("sku | name | price | place",)}


def test_rows_without_names_of_columns_have_none() -> None:
    document = read_text(Path("a.csv"), b"1,2.5,3\n4,5.5,6\n" * 300, LIMITS)
    assert {draft.heading for draft in document.drafts} == {()}
