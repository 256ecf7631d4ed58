"""Sentence spans: the invariants on any text, and the cases that splitters get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus.text.sentences import sentence_spans, without_marker
from growth import in_proportion

PIECES = st.sampled_from(
    [
     "Word", "word", ". ", ".", "e.g. ", "Fig. 3", "\n", "\n\n", "\r\n", "- ", "# ", "| a |",
     "```",
     "?! ", "\u3002", "\u4e2d", "(see ", ") ", '"', "U.S. ", "1. ", " ", "\t", "> ",
     "...", "\u2028"]
)  # fmt: skip


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_spans_are_trimmed_ordered_disjoint_and_cover_the_text(text: str) -> None:
    spans = sentence_spans(text)
    covered: set[int] = set()
    before = 0
    for start, end in spans:
        assert before <= start < end
        assert text[start:end] == text[start:end].strip()
        covered.update(range(start, end))
        before = end
    assert all(text[place].isspace() for place in range(len(text)) if place not in covered)


@pytest.mark.parametrize(
    "sentence",
    [
        "We use BM25 (cf. Robertson et al., 1994) as the baseline.",
        "See Fig. 3 and Eq. (2) for details, e.g. the slope, i.e. the rate.",
        "Dr. Smith of the U.S. Army met J. R. Jones and Prof. X. Y. Zed.",
        "The rate was 3.5 in version 2.0, at p < .05.",
        "It works... and then it does not.",
        "E. coli and S. aureus grew vs. the control on Jan. 5 in sec. 3.",
        "Visit https://a.b/c.d?e=f.g for more.",
        "The wrapped line goes on\nin lower case and then\nends.",
        "'Why?' he asked.",
        "They train nn.Module and np.Array objects.",
        "No. 5 is alive, approx. half of it.",
    ],
)
def test_a_stop_that_ends_nothing(sentence: str) -> None:
    assert said(sentence) == [sentence]
    assert said(f"Before it. {sentence} After it.") == ["Before it.", sentence, "After it."]


@pytest.mark.parametrize(
    "sentences",
    [
        ["Really?!", '"Yes."', "(See below.)", "He left in 2019.", "We stayed."],
        ["The talk was at 5 p.m.", "The firm is Apple Inc.", "This is shown by Smith et al."],
        ["It grew.[12,13]", "Cells died.4", "Mice lived."],
        ["it works well.", "but slow."],
        ["**Bold.**", "*Italic sentence.*", "`code.`", "After."],
    ],
)
def test_stops_that_end_a_sentence(sentences: list[str]) -> None:
    assert said(" ".join(sentences)) == sentences


def test_a_missing_space_after_a_stop() -> None:
    assert said("It ends here.The next begins.") == ["It ends here.", "The next begins."]


def test_stops_of_east_asian_scripts_need_no_space() -> None:
    text = "\u3053\u308c\u306f\u6587\u3002\u6b21\uff01\u4e2d\u6587"
    assert said(text) == ["\u3053\u308c\u306f\u6587\u3002", "\u6b21\uff01", "\u4e2d\u6587"]


def test_lists_headings_and_tables_end_sentences() -> None:
    sentences = [
        "# Head", "Wrapped text that\ngoes on", "- one", "- two\n  wrapped", "1. three",
        "| a | b |", "| c | d |",
    ]  # fmt: skip
    assert said("\n".join(sentences)) == sentences


def test_lines_of_a_note_stand_alone_but_wrapped_prose_does_not() -> None:
    lines = ["Low rank", "Two matrices", "Ask about alpha"]
    assert said("\n".join(lines)) == lines
    assert len(said("The model was trained by\nHochreiter and it\nworks")) == 1


def test_a_marker_can_be_left_out_for_showing() -> None:
    text = "  - [x] done it"
    start, end = without_marker(text, (2, len(text)))
    assert text[start:end] == "done it"
    assert without_marker("-", (0, 1)) == (0, 1)


def test_a_long_text_takes_no_quadratic_time() -> None:
    def split(lines: int) -> None:
        assert len(sentence_spans("A line with e.g. two words. Next\n" * lines)) >= lines

    assert in_proportion(split, 1_000)


@pytest.mark.parametrize(
    "sentences",
    [
        ("Die Heizung wurde am 12. Oktober 2019 eingebaut.", "Der Kessel ist neu."),
        ("Der 3. Band erschien 1905 bei Fa. Huber u. Sohn.", "Danach nichts mehr."),
        ("Der Termin ist am 12.", "Wir kommen."),
        ("We sold 12.", "The rest stayed."),
        ("यह घर है।", "वह दुकान है।"),
        ("هل جاء؟", "نعم جاء."),
    ],
)
def test_ordinals_and_stops_of_other_languages(sentences: tuple[str, str]) -> None:
    text = " ".join(sentences)
    assert tuple(text[start:end] for start, end in sentence_spans(text)) == sentences
