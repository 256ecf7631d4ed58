"""What stands next to what: swaps, numbers and negations in sentences as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.answers.arrangement import ARRANGEMENT_DOWN, arrangement, misplacement
from commonplace.answers.support import support

HIRED = (
    "The bakery had grown quickly. In 2016 Berta hired Anna for the night shift. "
    "Anna lent the drill to Jost, and the ladder came back from Emre on Friday."
)
ORDERS = (
    "We ordered 40 chairs and 12 tables from Ruhl. Marit does not work on Mondays. "
    "The van was repaired by Reitz after the storm in March, and nobody was hurt."
)
HAUS = (
    "Der Aufzug f\u00e4hrt am Sonntag nicht. Tilda gibt Emre den Schl\u00fcssel. "
    "Wir haben keine Hausmeisterei, aber einen Notdienst."
)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Anna was hired by Berta for the night shift in 2016.", HIRED),
        ("Berta hired Anna for the night shift.", HIRED),
        ("For the night shift Berta hired Anna in 2016.", HIRED),
        ("The drill was lent to Jost by Anna.", HIRED),
        ("On Friday the ladder came back from Emre.", HIRED),
        ("We ordered 12 tables and 40 chairs from Ruhl.", ORDERS),
        ("Reitz repaired the van after the storm in March.", ORDERS),
        ("After the storm in March, the van was repaired by Reitz.", ORDERS),
        ("Marit doesn't work on Mondays.", ORDERS),
        ("Am Sonntag f\u00e4hrt der Aufzug nicht.", HAUS),
    ],
)
def test_a_reordered_sentence_has_nothing_misplaced(sentence: str, passage: str) -> None:
    assert support(sentence, passage).supported


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Anna hired Berta for the night shift.", HIRED),
        ("In 2016 Anna hired Berta for the night shift.", HIRED),
        ("Berta was hired by Anna for the night shift.", HIRED),
        ("Jost lent the drill to Anna.", HIRED),
        ("We ordered 12 chairs and 40 tables from Ruhl.", ORDERS),
        ("The van repaired Reitz after the storm in March.", ORDERS),
        ("The van was not repaired by Reitz after the storm.", ORDERS),
        ("Marit does work on Mondays.", ORDERS),
        ("Marit works on Mondays.", ORDERS),
        ("The van was never repaired by Reitz.", ORDERS),
        ("Der Aufzug f\u00e4hrt am Sonntag.", HAUS),
        ("Emre gibt Tilda den Schl\u00fcssel.", HAUS),
        ("Tilda gibt Emre den Schl\u00fcssel nicht.", HAUS),
        ("Wir haben eine Hausmeisterei.", HAUS),
    ],
)
def test_a_changed_sentence_is_not_supported(sentence: str, passage: str) -> None:
    assert not support(sentence, passage).supported


def test_the_order_of_a_list_says_nothing() -> None:
    text = "Present were Marit, Oksana and Jana; Tobi came later."
    assert misplacement("Present were Jana, Oksana and Marit.", text, text) == ""


def test_names_that_changed_places_are_named() -> None:
    text = "The keys of Lise open the shop, and the keys of Oksana open the cellar."
    claim = "The keys of Oksana open the shop, and the keys of Lise open the cellar."
    assert "oksana" in misplacement(claim, text, text)


def test_a_number_has_its_thing() -> None:
    text = "We bought 40 chairs and 12 tables."
    assert arrangement("We bought 12 chairs.", text, text)["counts_other"] == 1
    assert arrangement("We bought 40 chairs.", text, text)["counts_other"] == 0


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_texts_can_be_compared(sentence: str, text: str) -> None:
    assert set(arrangement(sentence, text, text)) == set(ARRANGEMENT_DOWN)
    misplacement(sentence, text, text)


@given(st.text(max_size=120))
def test_a_text_has_its_own_places(text: str) -> None:
    assert misplacement(text, text, text) == ""
