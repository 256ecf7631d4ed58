"""The extractive reader: exact offsets, reading order, and nothing that was not written."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import SharedTerms, passage
from commonplace.answers.evidence.units import units
from commonplace.answers.extractive import ExtractiveReader, ExtractiveSettings
from commonplace.corpus import Passage

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
def test_evidence_is_units_of_its_passages(ranked: list[Passage], most: int, nearly: float) -> None:
    settings = ExtractiveSettings(units=most, nearly=nearly)
    extract = ExtractiveReader(SharedTerms(), settings).read("What rank?", ranked)
    assert len(extract.evidence) <= most
    for each in extract.evidence:
        assert each.unit.passage in ranked[: settings.passages]
        assert each.unit in units(each.unit.passage)
    for one, other in combinations([each.unit for each in extract.evidence], 2):
        apart = one.end <= other.start or other.end <= one.start
        assert one.passage != other.passage or apart


@given(libraries)
def test_evidence_of_one_item_stands_as_written(ranked: list[Passage]) -> None:
    extract = ExtractiveReader(SharedTerms()).read("What rank has LoRA?", ranked)
    evidence = [each.unit for each in extract.evidence]
    for item in {unit.passage.item_id for unit in evidence}:
        places = [(u.passage.position, u.start) for u in evidence if u.passage.item_id == item]
        assert places == sorted(places)


def test_the_best_unit_is_among_the_evidence() -> None:
    extract = ExtractiveReader(SharedTerms()).read("What is the rank?", [CATS, RANK, UPDATE])
    assert extract.best is not None
    assert extract.best in extract.evidence
    assert "rank" in extract.best.unit.text


def test_only_units_nearly_as_good_are_said() -> None:
    reader = ExtractiveReader(SharedTerms(), ExtractiveSettings(nearly=0.0))
    assert len(reader.read("Cats sleep all day", [RANK, UPDATE, CATS]).evidence) == 1


def test_where_several_things_are_asked_for_more_is_said() -> None:
    settings = ExtractiveSettings(nearly=0.0, several=9.0)
    reader = ExtractiveReader(SharedTerms(), settings)
    assert len(reader.read("Which cats sleep or purr?", [RANK, UPDATE, CATS]).evidence) > 1


def test_the_closest_come_best_first_and_share_no_words() -> None:
    extract = ExtractiveReader(SharedTerms()).read("Is the rank low?", [RANK, UPDATE, CATS])
    closest = extract.closest(3)
    assert len({unit.text for unit in closest}) == 3
    assert "rank" in closest[0].text


def test_the_closest_item_is_shown_with_its_short_list() -> None:
    rates = passage("Rates:\n\n- member 20\n- guest 35\n- child free", "rates")
    (unit, *_) = ExtractiveReader(SharedTerms()).read("rate of a guest", [rates]).closest(3)
    assert unit.text == rates.text


def test_what_is_crossed_out_gives_way() -> None:
    old = passage("~~Reports may read the replica.~~", "old")
    new = passage("Reports read the replica never.", "new")
    best = ExtractiveReader(SharedTerms()).read("Do reports read the replica?", [old, new]).best
    assert best is not None
    assert best.unit.passage is new


def test_nothing_to_read_gives_nothing() -> None:
    reader = ExtractiveReader(SharedTerms())
    assert reader.read("Why?", []).best is None
    assert reader.read("Why?", [passage("...")]).evidence == ()


def test_the_work_is_bounded_by_the_settings() -> None:
    read = SharedTerms()
    many = [passage(f"Rank {n}. Second sentence.", f"n{n}") for n in range(50)]
    ExtractiveReader(read, ExtractiveSettings(passages=3)).read("Rank?", many)
    assert len(read.pairs) == 3 * 2


def test_of_late_passages_only_what_shares_a_word_is_read() -> None:
    read = SharedTerms()
    late = [passage(f"Rank {n}.\n\nSecond sentence.", f"n{n}") for n in range(4)]
    ExtractiveReader(read, ExtractiveSettings(passages=4, read_whole=1)).read("Rank?", late)
    assert len(read.pairs) == 2 + 3


def test_the_same_words_are_said_once() -> None:
    twice = [passage("The rank is eight.", "a"), passage("The rank is eight!", "b")]
    assert len(ExtractiveReader(SharedTerms()).read("What is the rank?", twice).evidence) == 1


def test_a_comparison_quotes_both_sides() -> None:
    yields = [passage("The mill yields 34 tons.", "a"), passage("The farm yields 27 tons.", "b")]
    evidence = (
        ExtractiveReader(SharedTerms()).read("what yields more, mill or farm", yields).evidence
    )
    assert {each.unit.text for each in evidence} == {each.text for each in yields}


def test_where_all_are_asked_for_a_list_is_quoted_whole() -> None:
    rates = passage(
        "Rates of the pool:\n\n- pool member 20\n- pool guest 35\n- child free", "rates"
    )
    (each,) = ExtractiveReader(SharedTerms()).read("list all rates of the pool", [rates]).evidence
    assert (each.unit.form, len(each.unit.parts)) == ("list", 3)
