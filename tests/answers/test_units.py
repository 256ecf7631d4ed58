"""Units of evidence: the forms that notes have, exact offsets, what the reader sees of each."""

from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import passage
from commonplace.answers.units import Unit, cells, units

LIST = """For the rye bread:

- 500 g rye flour
- 380 ml water
- 10 g salt
"""
TABLE = """Who to call.

| who | for | number |
|---|---|---|
| Dreyfus | vet | 0555 017 903 |
| Terpstra | garage | 0555 013 377 |
"""
TASKS = """- [ ] gas hose
- [x] seacocks greased
- [ ] flares
"""
FIELDS = """boiler: Remko 24, loft
service: every 2 years
pressure: 1.5 bar, top up below 1.0
"""
CODE = """Silence for a planned job:

```
amtool silence add host=larch
amtool silence expire
```
"""


def of_form(text: str, form: str, heading: tuple[str, ...] = ()) -> list[Unit]:
    return [unit for unit in units(passage(text, heading=heading)) if unit.form == form]


def test_a_list_is_one_unit_with_the_line_that_introduces_it() -> None:
    (whole,) = of_form(LIST, "list")
    assert whole.text.startswith("For the rye bread:")
    assert whole.text.endswith("10 g salt")
    assert whole.plain == "For the rye bread: 500 g rye flour • 380 ml water • 10 g salt"
    assert len(whole.parts) == 3


def test_an_item_is_read_below_its_introduction() -> None:
    item = of_form(LIST, "item", ("Bread",))[1]
    assert item.text == "380 ml water"
    assert item.read == "Bread. For the rye bread: 380 ml water"


def test_a_row_is_read_by_the_names_of_its_columns() -> None:
    rows = of_form(TABLE, "row")
    assert [row.text for row in rows] == [
        "| Dreyfus | vet | 0555 017 903 |",
        "| Terpstra | garage | 0555 013 377 |",
    ]
    assert rows[0].plain == "who: Dreyfus; for: vet; number: 0555 017 903"


def test_a_reader_s_table_and_comma_separated_values_are_rows_as_well() -> None:
    html = "Who | For\nDreyfus | vet\nTerpstra | garage"
    assert of_form(html, "row")[0].plain == "Who: Dreyfus; For: vet"
    values = 'date,hive,remarks\n2024-03-24,Anna,"light, 2 kg"\n2024-05-02,Berta,queen'
    (first, _) = of_form(values, "row")
    assert first.plain == "date: 2024-03-24; hive: Anna; remarks: light, 2 kg"
    assert first.text == '2024-03-24,Anna,"light, 2 kg"'


def test_open_and_done_items_are_lists_of_their_own() -> None:
    lists = of_form(TASKS, "list")
    assert [unit.plain for unit in lists] == [
        "gas hose • seacocks greased • flares",
        "open: gas hose • flares",
    ]
    item = of_form(TASKS, "item")[1]
    assert (item.text, item.read) == ("seacocks greased", "done: seacocks greased")


def test_lines_that_were_ended_on_purpose_are_units_apart() -> None:
    texts = [unit.text for unit in of_form(FIELDS, "field")]
    assert texts == FIELDS.splitlines()
    (whole,) = of_form(FIELDS, "list")
    assert whole.text == FIELDS.strip()


def test_wrapped_prose_is_not_cut_at_its_lines() -> None:
    text = "The old pump was sold because the new one\nneeds less power. It ran for nine years."
    assert [unit.text for unit in of_form(text, "sentence")] == [
        "The old pump was sold because the new one\nneeds less power.",
        "It ran for nine years.",
    ]


def test_a_line_of_code_is_read_below_what_it_is_for() -> None:
    lines = of_form(CODE, "code")
    assert [line.text for line in lines] == [
        "amtool silence add host=larch",
        "amtool silence expire",
    ]
    assert lines[0].read.startswith("Silence for a planned job: amtool")


def test_a_heading_is_no_unit() -> None:
    assert [unit.text for unit in units(passage("## Keys\n\nshed: on the nail"))] == [
        "shed: on the nail"
    ]


def test_cells() -> None:
    assert cells("| a | b |") == ["a", "b"]
    assert cells("a | b") == ["a", "b"]
    assert cells('a;"b;c";d') == ["a", "b;c", "d"]


@given(st.text(alphabet="ab .:|-*#\n`,;[]x1\t\"'", max_size=200))
def test_any_text_gives_units_that_stand_in_it(text: str) -> None:
    for unit in units(passage(text)):
        assert 0 <= unit.start < unit.end <= len(text)
        assert unit.text == text[unit.start : unit.end]
        assert all(unit.start <= a < b <= unit.end for a, b in unit.parts)
        assert unit.read
