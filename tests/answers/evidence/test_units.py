"""Units of evidence: the forms that notes have, exact offsets, what the reader sees of each."""

from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import passage
from commonplace.answers.evidence.units import Unit, cells, units

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
    assert item.read == "Bread. For the rye bread: » 380 ml water"


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
    assert lines[0].read.startswith("Silence for a planned job: » amtool")


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


def test_columns_that_are_aligned_between_rules_are_rows() -> None:
    text = """Trunk lengths:

==================  ======  =============
route               metres  via
==================  ======  =============
Hall 1 to hall 2    145     duct B
R07 to R02          18      overhead tray
==================  ======  =============
"""
    rows = of_form(text, "row")
    assert [row.plain for row in rows] == [
        "route: Hall 1 to hall 2; metres: 145; via: duct B",
        "route: R07 to R02; metres: 18; via: overhead tray",
    ]


def test_dots_that_lead_to_a_value_do_not_end_a_sentence() -> None:
    text = "Serial ......... SN 77\nRack power ..... 17 kW\n"
    assert [unit.text for unit in of_form(text, "field")] == [
        "Serial ......... SN 77",
        "Rack power ..... 17 kW",
    ]


def test_a_value_is_read_below_the_lines_that_it_is_indented_under() -> None:
    text = "models:\n  wren-chat:\n    released: 2026-02-05\n  plover:\n    released: 2025-11-30\n"
    assert [unit.read for unit in of_form(text, "field")] == [
        "models: wren-chat: » released: 5 February 2026",
        "models: plover: » released: 30 November 2025",
    ]
    sections = "[bakery]\nphone = 0555 1\n[mill]\nphone = 0555 2\n"
    assert [unit.read for unit in of_form(sections, "field")] == [
        "[bakery] » phone = 0555 1",
        "[mill] » phone = 0555 2",
    ]


def test_a_line_of_a_mail_is_read_behind_its_sender() -> None:
    text = "From: Tobe Lindqvist\nSubject: phone\n\nMy new number is 0555 612 094 by the way.\n"
    (line,) = (unit for unit in units(passage(text)) if unit.text.startswith("My"))
    assert line.read == "From: Tobe Lindqvist » My new number is 0555 612 094 by the way."


def test_a_bare_word_and_a_line_that_only_opens_others_are_no_evidence() -> None:
    assert [unit.text for unit in units(passage("quiet.\n\nActions:\n\nThe pump was sold."))] == [
        "The pump was sold."
    ]


def test_prose_that_is_wrapped_unevenly_is_not_cut() -> None:
    text = (
        "First, the noise in the sample mean and the sample variance\n"
        "is no longer desirable once we have trained the model.\n"
        "Second, there may be no batch to speak of at all then, and so\n"
        "the statistics of the training set\n"
        "are used.\n"
    )
    assert [unit.text.split()[0] for unit in of_form(text, "sentence")] == ["First,", "Second,"]


def test_prose_that_is_broken_at_its_clauses_is_not_cut() -> None:
    text = (
        "Weight decay measures the complexity\n"
        "of a function by the distance of its parameters from zero.\n"
        "Hence, the loss would be\n"
        "$L + w^2$, which has the effect of\n"
        "shrinking the size of weights.\n"
    )
    assert [unit.text.split()[0] for unit in of_form(text, "sentence")] == ["Weight", "Hence,"]


def test_short_lines_of_notes_are_still_units_of_their_own() -> None:
    text = "front door baltic blue\nshed not painted yet\nkitchen matt white, two tins left\n"
    assert [unit.text for unit in of_form(text, "sentence")] == text.splitlines()
