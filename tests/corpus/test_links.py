"""Links as people write them, and the one URL for each thing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.urls import canonical_url, link_kind

PAPER = "https://arxiv.org/abs/1706.03762"
REPOSITORY = "https://github.com/owner/repo"
VIDEO = "https://youtube.com/watch?v=abcDEF12345"


@pytest.mark.parametrize(
    ("text", "url", "label"),
    [
        ("see https://a.org/x.", "https://a.org/x", ""),
        ("(https://a.org/x_(y))", "https://a.org/x_(y)", ""),
        ("**https://a.org/x**, then", "https://a.org/x", ""),
        ("<https://a.org/x>;", "https://a.org/x", ""),
        ("[the *paper*](https://a.org/x 'title')", "https://a.org/x", "the paper"),
        ("[a](https://a.org/x_(y)) b)", "https://a.org/x_(y)", "a"),
        ("[![badge](https://i.org/b.svg)](https://a.org/x)", "https://a.org/x", "badge"),
        ("as [they][1] say\n\n[1]: <https://a.org/x> 'T'", "https://a.org/x", "they"),
        ('<a class="k" href="https://a.org/?a=1&amp;b=2">so <b>it</b></a>', "https://a.org/?a=1&b=2",
         "so it"),
        ("`label <https://a.org/x>`_", "https://a.org/x", "label"),
        ("[[https://a.org/x][two words]]", "https://a.org/x", "two words"),
        (r"\href{https://a.org/x}{words}", "https://a.org/x", "words"),
        ("see arXiv:1706.03762v2, too", "arXiv:1706.03762v2", ""),
        ("doi:10.1145/3292500.3330701.", "doi:10.1145/3292500.3330701", ""),
        ("at www.a.org/x", "www.a.org/x", ""),
        ("at github.com/a/b", "github.com/a/b", ""),
        ("\u4e2d\u6587https://a.org/b\uff0c\u7136\u540e", "https://a.org/b", ""),
    ],
)  # fmt: skip
def test_each_way_to_write_a_link(text: str, url: str, label: str) -> None:
    (link,) = find_links(text)
    assert (link.url, link.label) == (url, label)


def test_pictures_anchors_and_stumps_are_no_links() -> None:
    text = (
        "![alt](https://a.org/x.png) [up](#top) [f](./x.md) <img src='http://a.org/i.png'> https://"
    )
    assert find_links(text) == []


def test_every_mention_counts() -> None:
    assert len(find_links("https://a.org https://a.org and [it](https://a.org)")) == 3


def test_the_context_is_the_words_around() -> None:
    text = "Other para.\n\n- one\n- Read *this* [paper](https://a.org/x) on low rank.\n- two"
    assert find_links(text)[0].context == "Read this paper on low rank."
    anchor = "We read <a class='x' href='https://a.org/x' id='y'>this <i>paper</i></a> on low rank."
    assert find_links(anchor)[0].context == "We read this paper on low rank."
    long = f"{'before ' * 100}https://a.org/x{' after' * 100}"
    context = find_links(long)[0].context
    assert "https://a.org/x" in context
    assert len(context) < 300


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://WWW.Example.com:80/a/?utm_source=1&b=2&fbclid=x#f", "https://example.com/a?b=2"),
        ("https://example.com:8080/", "https://example.com:8080"),
        ("example.com/x", "https://example.com/x"),
        ("https://a.com/%7euser/%e4%b8%ad", "https://a.com/~user/%E4%B8%AD"),
        *[
            (form, PAPER)
            for form in (
                "https://arxiv.org/pdf/1706.03762v5.pdf", "http://arxiv.org/pdf/1706.03762",
                "https://arxiv.org/html/1706.03762v7/", "http://export.arxiv.org/abs/1706.03762?c=1",
                "https://ar5iv.labs.arxiv.org/html/1706.03762", "arXiv:1706.03762",
                "https://ar5iv.org/abs/1706.03762", "arxiv.org/abs/1706.03762#S1",
                "https://doi.org/10.48550/arXiv.1706.03762", "https://www.alphaxiv.org/abs/1706.03762",
                "https://huggingface.co/papers/1706.03762",
            )
        ],
        ("https://arxiv.org/abs/math.GT/0309136v2", "https://arxiv.org/abs/math.gt/0309136"),
        ("https://arxiv.org/list/cs.CL/recent", "https://arxiv.org/list/cs.CL/recent"),
        ("http://dx.doi.org/10.1000/ABC.", "https://doi.org/10.1000/abc"),
        *[
            (form, REPOSITORY)
            for form in (
                "https://github.com/Owner/Repo", "http://github.com/owner/repo.git",
                "https://github.com/owner/repo/tree/main/", "https://github.com/owner/repo#readme",
            )
        ],
        ("https://github.com/o/r/blob/main/a.py#L3", "https://github.com/o/r/blob/main/a.py"),
        ("https://raw.githubusercontent.com/o/r/main/x", "https://github.com/o/r/blob/main/x"),
        ("https://youtu.be/abcDEF12345?t=3", VIDEO),
        ("https://www.youtube.com/watch?v=abcDEF12345&list=P", VIDEO),
        ("https://www.aclweb.org/anthology/P18-1031.pdf", "https://aclanthology.org/P18-1031"),
        ("https://openreview.net/pdf?id=Hk", "https://openreview.net/forum?id=Hk"),
    ],
)  # fmt: skip
def test_one_form_for_one_thing(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://a:99999/", "", "http://", "mailto:a@b.c", "::"]
)
def test_malformed_urls_do_not_raise(url: str) -> None:
    canonical_url(url)
    assert link_kind(url) == "page"


@given(
    st.one_of(st.text(), st.text().map("https://".__add__), st.text().map("https://a.b/".__add__))
)
def test_any_text_is_canonical_after_one_step(url: str) -> None:
    once = canonical_url(url)
    link_kind(url)
    find_links(f"[{url}]({url}) <{url}> {url}")
    assert canonical_url(once) == once


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (PAPER, "paper"), ("https://a.edu/x.pdf", "paper"), ("doi:10.1000/x", "paper"),
        (REPOSITORY, "repository"), ("https://github.com/features/actions", "page"),
        ("https://github.com/o/r/issues/3", "page"), ("https://youtu.be/abcDEF12345", "video"),
        ("https://example.com", "page"),
    ],
)  # fmt: skip
def test_kinds(url: str, kind: str) -> None:
    assert link_kind(url) == kind


@pytest.mark.parametrize(
    "piece", ["[", "[a](", "https://", "https://a.org/(", "<a href='", "](https://x"]
)
def test_hostile_texts_take_no_quadratic_time(piece: str) -> None:
    started = time.process_time()
    find_links(piece * 20_000)
    assert time.process_time() - started < 20
