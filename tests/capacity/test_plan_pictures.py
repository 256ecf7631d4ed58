"""Pictures of a plan: well-formed, said in words as well as in colour, and safe with any name."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from commonplace.capacity.reports import pictures
from commonplace.capacity.reports.pictures import Bar, Cell, Line

MONTHS = [f"2027-{month:02}" for month in range(1, 5)]


def found(picture: str, tag: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(picture)
    return [element for element in root.iter() if element.tag.endswith(tag)]


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in found(picture, "text")]


def boxes(picture: str, kind: str) -> int:
    return sum(element.get("class") == kind for element in found(picture, "rect"))


def test_a_heat_map_says_in_words_what_its_colours_say() -> None:
    used = [(0.25, "space"), (0.95, "ports"), (1.2, "south"), (float("inf"), "north")]
    picture = pictures.heat_map("How full", MONTHS, {"H1": [Cell(*cell) for cell in used]})
    assert texts(picture)[-4:] == ["25%", "95%", "120%", "none"]
    assert [boxes(picture, kind) for kind in ("free", "filling", "near", "over")] == [1, 0, 1, 2]
    assert found(picture, "title")[2].text == "H1, 2027-03: south 120%"


def test_nothing_that_is_nearly_full_is_said_to_be_full() -> None:
    used = [Cell(share, "ports") for share in (0.999, 1.0, 1.001, 0.0)]
    assert texts(pictures.heat_map("How full", MONTHS, {"H1": used}))[-4:] == [
        "99%",
        "100%",
        "101%",
        "0%",
    ]


def test_a_long_unit_has_room_beside_the_steps() -> None:
    picture = pictures.steps("Gray box of H1", MONTHS, [1] * 4, [3] * 4, "positions")
    unit = next(one for one in found(picture, "text") if one.text == "positions")
    assert float(unit.attrib["x"]) >= 7 * len("positions")  # it ends at x, in letters of 11 units


def test_steps_fill_what_is_over_the_capacity() -> None:
    picture = pictures.steps("Power of H1", MONTHS, [1, 2, 5, 4], [3, 3, 3, 4], "kW")
    assert boxes(picture, "over") == 1
    assert boxes(picture, "filling") == 4
    assert "kW" in texts(picture)


def test_an_order_that_should_have_been_made_before_today_is_marked() -> None:
    late, in_time = Bar("8 x SB at H1", 1, 6, need=4), Bar("2 x FBR at H2", 1, 3, need=3)
    past = Bar("1 x SK at H1", -2, 3, need=3)
    picture = pictures.gantt("Orders", MONTHS, [late, in_time, past])
    assert late.late
    assert not in_time.late
    assert boxes(picture, "over") == 2
    assert boxes(picture, "filling") == 1
    assert "-2" in texts(picture)


def test_a_map_names_what_is_lost() -> None:
    places = pictures.on_a_circle(["A", "B", "C"])
    lines = [Line("A", "B", 0.5), Line("B", "C", 0, lost=True)]
    picture = pictures.network_map("Worst failure", places, lines)
    assert {"50%", "lost", "A", "B", "C"} <= set(texts(picture))


@given(st.text(), st.floats(0, 1e6))
def test_any_name_is_safe(name: str, used: float) -> None:
    places = pictures.on_a_circle([name])
    for picture in (
        pictures.heat_map(name, ["1"], {name: [Cell(used, name)]}),
        pictures.gantt(name, ["1"], [Bar(name, 1, 2)]),
        pictures.network_map(name, places, [Line(name, name, used)]),
    ):
        assert found(picture, "svg")
