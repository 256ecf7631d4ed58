"""The extractive reader: exact offsets, reading order, and nothing that was not written."""

from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import SharedTerms, passage
from commonplace.answers.extractive import ExtractiveReader, ExtractiveSettings
from commonplace.corpus import Passage, sentence_spans

RANK = passage("LoRA freezes the base. Its rank is eight. Cats sleep all day.", "lora", 0)
UPDATE = passage("The update is a product of two matrices. It has low rank.", "lora", 1)
CATS = passage("Cats sleep. Cats purr. Cats have nine lives.", "cats", 0)

sentences = st.lists(
    st.sampled_from(
        [
            "LoRA has low rank.",
            "Cats sleep!",
            "What rank?",
            "Dr. Low wrote it.",
            "- rank 8\n",
            "...",
        ]
    ),
    max_size=6,
).map(" ".join)
libraries = st.lists(st.tuples(sentences, st.sampled_from("ab")), max_size=8).map(
    lambda rows: [passage(text, name, place) for place, (text, name) in enumerate(rows)]
)


@given(libraries, st.integers(1, 4), st.floats(0, 9))
def test_quotes_are_sentences_of_their_passages(
    ranked: list[Passage], most: int, nearly: float
) -> None:
    settings = ExtractiveSettings(sentences=most, nearly=nearly)
    reading = ExtractiveReader(SharedTerms(), settings).read("What rank has LoRA?", ranked)
    assert len(reading.quotes) <= most
    for quote in reading.quotes:
        assert quote.passage in ranked[: settings.passages]
        assert (quote.start, quote.end) in sentence_spans(quote.passage.text)
        assert quote.text == quote.passage.text[quote.start : quote.end]


@given(libraries)
def test_quotes_of_one_item_stand_as_written(ranked: list[Passage]) -> None:
    reading = ExtractiveReader(SharedTerms()).read("What rank has LoRA?", ranked)
    for item in {quote.passage.item_id for quote in reading.quotes}:
        places = [
            (q.passage.position, q.start) for q in reading.quotes if q.passage.item_id == item
        ]
        assert places == sorted(places)


def test_the_best_sentence_is_among_the_quotes() -> None:
    reading = ExtractiveReader(SharedTerms()).read("What is the rank?", [CATS, RANK, UPDATE])
    assert reading.best is not None
    assert reading.best.quote in reading.quotes
    assert "rank" in reading.best.quote.text


def test_only_sentences_nearly_as_good_are_said() -> None:
    reader = ExtractiveReader(SharedTerms(), ExtractiveSettings(nearly=0.0))
    assert len(reader.read("Cats sleep all day", [RANK, UPDATE, CATS]).quotes) == 1


def test_nothing_to_read_gives_nothing() -> None:
    reader = ExtractiveReader(SharedTerms())
    assert reader.read("Why?", []).best is None
    assert reader.read("Why?", [passage("...")]).quotes == ()


def test_the_work_is_bounded_by_the_settings() -> None:
    encoder = SharedTerms()
    many = [passage(f"Rank {n}. Second.", f"n{n}") for n in range(50)]
    ExtractiveReader(encoder, ExtractiveSettings(passages=8, read_on=3)).read("Rank?", many)
    assert len(encoder.pairs) == 8 + 3 * (2 + 1)


def test_the_same_words_are_said_once() -> None:
    twice = [passage("The rank is eight.", "a"), passage("The rank is eight!", "b")]
    assert len(ExtractiveReader(SharedTerms()).read("What is the rank?", twice).quotes) == 1
