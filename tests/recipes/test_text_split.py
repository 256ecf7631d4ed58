"""Text to learn, to choose by, and to report: no copy of one stands in another."""

import random

import pytest

from commonplace.foundation import InputError
from commonplace.recipes.text import TrainingText, split

WORDS = [f"word{number}" for number in range(400)]


def paragraph(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=40)) + "."


def library(count: int = 30, seed: int = 0) -> list[TrainingText]:
    chance = random.Random(seed)
    return [
        TrainingText(
            "\n\n".join(paragraph(chance) for _ in range(chance.randint(4, 12))), str(number)
        )
        for number in range(count)
    ]


def ids(documents: tuple[TrainingText, ...]) -> set[str]:
    return {one.id for one in documents}


def size(documents: tuple[TrainingText, ...]) -> int:
    return sum(len(one.text) for one in documents)


def test_whole_documents_are_held_out_about_as_much_as_was_asked() -> None:
    documents = library()
    parts = split(documents, 0.1, 0.2)
    whole = sum(len(one.text) for one in documents)
    assert ids(parts.learned) | ids(parts.validation) | ids(parts.test) == ids(tuple(documents))
    assert not ids(parts.test) & (ids(parts.validation) | ids(parts.learned))
    assert not ids(parts.validation) & ids(parts.learned)
    assert 0.05 < size(parts.validation) / whole < 0.2
    assert 0.1 < size(parts.test) / whole < 0.4
    assert parts.left_out == 0


def test_the_choice_depends_on_words_and_not_on_order() -> None:
    documents = library()
    there, back = split(documents, 0.1, 0.1), split(documents[::-1], 0.1, 0.1)
    assert ids(there.test) == ids(back.test)
    assert ids(there.validation) == ids(back.validation)


def revised(document: TrainingText, number: int) -> TrainingText:
    """Another id, one paragraph rewritten, a word changed in each of the others."""
    chance = random.Random(number)
    changed = [one.replace(one.split()[20], "otherwise", 1) for one in document.text.split("\n\n")]
    return TrainingText("\n\n".join([*changed[1:], paragraph(chance)]), f"{document.id}-revised")


@pytest.mark.parametrize("seed", range(5))
def test_revisions_of_one_document_stand_on_one_side(seed: int) -> None:
    documents = library(20, seed)
    both = documents + [revised(one, number) for number, one in enumerate(documents)]
    parts = split(both, 0.15, 0.15)
    for part in (parts.learned, parts.validation, parts.test):
        names = ids(part)
        assert {f"{name}-revised" for name in names if "-" not in name} <= names
    assert parts.left_out == 0


def test_a_repeated_paragraph_is_not_learned_where_it_is_held_out() -> None:
    documents = library()
    quoted = split(documents, 0.1, 0.1).test[0].text.split("\n\n")[1]
    more = [*documents, TrainingText(f"{documents[3].text}\n\n{quoted.upper()}", "quotes it")]
    parts = split(more, 0.1, 0.1)
    holding = [one for one in (*parts.learned, *parts.validation) if quoted.upper() in one.text]
    assert not holding


def test_of_one_long_document_the_end_is_reported_and_what_is_before_it_chooses() -> None:
    chance = random.Random(1)
    text = "\n\n".join(paragraph(chance) for _ in range(60))
    parts = split([TrainingText(text, "one")], 0.1, 0.1)
    learned, validation, test = (
        part[0].text for part in (parts.learned, parts.validation, parts.test)
    )
    assert text.endswith(test)
    assert text.startswith(learned)
    assert learned + validation + test == text
    assert len(test) == pytest.approx(0.1 * len(text), rel=0.05)


def test_text_that_only_repeats_itself_is_refused() -> None:
    text = "\n\n".join([paragraph(random.Random(2))] * 30)
    with pytest.raises(InputError, match="too little text"):
        split([TrainingText(text, "a"), TrainingText(text, "b")], 0.1, 0.1)


def test_a_formula_of_the_house_makes_no_copies() -> None:
    banner = " ".join(WORDS[:60])
    documents = [TrainingText(f"{banner}\n\n{one.text}", one.id) for one in library(40)]
    parts = split(documents, 0.1, 0.1)
    assert min(map(len, (parts.learned, parts.validation, parts.test))) >= 2
