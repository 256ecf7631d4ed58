"""docs/json.md against the verbs and the types; what is printed is compared while tests run."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

import click
import pytest

from commonplace.cli import program
from commonplace.library import record_types as types
from json_page import differences, forms

RECORDS = {
    "status": types.StatusRecord,
    "search": types.HitsRecord,
    "hit": types.HitRecord,
    "ask": types.AnswerRecord,
    "explain": types.DecisionRecord,
    "reading": types.ReadingListRecord,
    "feedback": types.FeedbackListRecord,
    "speculation": types.SpeculationRecord,
}


def with_json(command: click.Command, path: str, context: click.Context) -> Iterator[str]:
    """The verbs at or below a command that have --json."""
    if any(parameter.name == "as_json" for parameter in command.params):
        yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from with_json(child, f"{path} {name}".strip(), context)


def example(hint: Any) -> Any:
    """A value of a type, each list with one entry."""
    if is_typeddict(hint):
        return {name: example(inner) for name, inner in get_type_hints(hint).items()}
    if get_origin(hint) in (Union, UnionType):
        return example(get_args(hint)[0])
    if get_origin(hint) is list:
        return [example(get_args(hint)[0])]
    return None  # a number, a text, or an object whose names the type does not say


def test_the_page_has_every_verb_that_prints_an_object() -> None:
    verbs = set(with_json(program, "", click.Context(program)))
    titles = set(forms())
    assert verbs <= titles
    shared = {form for form in titles - verbs if form != "explain NUMBER"}
    words = str(forms().values())
    assert all(f"'{name}'" in words for name in shared), "a form that no object has"


@pytest.mark.parametrize("title", RECORDS)
def test_the_page_has_the_fields_of_the_types(title: str) -> None:
    assert list(differences(example(RECORDS[title]), title, title)) == []
