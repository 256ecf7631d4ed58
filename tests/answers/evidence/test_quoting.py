"""How units stand in an answer: the asked cell first, lists with the number of their items."""

import pytest

from answers_fakes import passage
from commonplace.answers.evidence.quoting import MOST_ITEMS, asked_cell, quoted
from commonplace.answers.evidence.units import Unit, units

PARTS = passage(
    "| part | price | stock |\n|---|---|---|\n"
    "| brass flange | 77,20 | 4 |\n| steel ring | 9,10 | 12 |"
)


def row_of(name: str) -> Unit:
    (row,) = (u for u in units(PARTS) if u.form == "row" and name in u.text)
    return row


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the price of the brass flange?", "price: 77,20 (part: brass flange; stock: 4)"),
        ("stock of brass flange", "stock: 4 (part: brass flange; price: 77,20)"),
        ("brass flange", "part: brass flange; price: 77,20; stock: 4"),
    ],
)
def test_the_cell_that_was_asked_for_comes_first(question: str, text: str) -> None:
    assert quoted(question, row_of("brass")) == text


def test_the_kind_of_answer_tells_the_cell_where_no_column_does() -> None:
    table = passage(
        "| who | reach |\n|---|---|\n| Anna Berg | anna@example.org |\n| Bo | bo@x.org |"
    )
    (row, _) = (u for u in units(table) if u.form == "row")
    assert asked_cell("e-mail of Anna Berg", row) == 1
    assert asked_cell("what about Anna Berg", row) is None


def test_a_list_says_how_many_items_it_has() -> None:
    flour = passage("For the bread:\n\n- rye\n- salt\n- water")
    (whole,) = (unit for unit in units(flour) if unit.form == "list")
    assert quoted("ingredients?", whole) == "For the bread: rye • salt • water (3 items)"
    long = passage("Tools:\n\n" + "\n".join(f"- tool {i}" for i in range(30)))
    (whole,) = (unit for unit in units(long) if unit.form == "list")
    assert quoted("tools?", whole).endswith(f"tool {MOST_ITEMS - 1} ({MOST_ITEMS} of 30 shown)")


def test_a_table_as_a_whole_names_its_columns_once() -> None:
    (whole,) = (unit for unit in units(PARTS) if unit.form == "list")
    assert quoted("all parts?", whole) == (
        "part | price | stock: brass flange | 77,20 | 4 • steel ring | 9,10 | 12 (2 items)"
    )
