"""Whole documents: what asks for them, how they are read, what stands in without a model."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import Accounting, passage
from commonplace.answers import GenerativeReader, document_request, requested_documents
from commonplace.answers.documents import MOST_PARTS, Document, openings, parts, read_documents
from commonplace.answers.generative import GeneratedText
from commonplace.corpus import Passage


@pytest.mark.parametrize(
    ("question", "kind", "subjects"),
    [
        ("Summarise the paper on tidal fences.", "summary", ("the paper on tidal fences",)),
        ("please give me a short summary of boat.md", "summary", ("boat.md",)),
        ("What are the main points of the lease?", "summary", ("the lease",)),
        ("Fasse das Protokoll kurz zusammen", "summary", ("das Protokoll",)),
        ("Compare LoRA and DoRA", "comparison", ("LoRA", "DoRA")),
        ("List everything about the boiler", "collection", ("the boiler",)),
        ("everything my notes say about Anna", "collection", ("Anna",)),
    ],
)
def test_requests_for_whole_documents(question: str, kind: str, subjects: tuple[str, ...]) -> None:
    request = document_request(question)
    assert request is not None
    assert (request.kind, request.subjects) == (kind, subjects)


@pytest.mark.parametrize(
    "question",
    ["Who wrote the summary?", "What is a summary statistic?", "Did we pay all on time?", ""],
)
def test_questions_for_facts_are_none(question: str) -> None:
    assert document_request(question) is None


@given(st.lists(st.integers(1, 40), max_size=12), st.integers(1, 60))
def test_parts_keep_every_passage_in_order_within_the_budget(sizes: list[int], budget: int) -> None:
    passages = tuple(passage("word " * size, f"n{i}") for i, size in enumerate(sizes))
    runs = list(parts(Document("t", passages), budget, lambda p: len(p.text.split())))
    assert tuple(p for run in runs for p in run) == passages
    for run in runs:
        assert len(run) == 1 or sum(len(p.text.split()) for p in run) <= budget


def test_a_model_reads_each_part_and_what_it_says_is_cited() -> None:
    passages = (passage("Cats purr when they are calm.", "a"), passage("Cats sleep all day.", "a2"))
    request = document_request("Summarise the cats")
    assert request is not None
    reader = GenerativeReader(Accounting("Cats purr when they are calm [1]. Dogs fly."))
    *sentences, last = read_documents(reader, request, [Document("cats", passages)])
    assert [s.text for s in sentences if not isinstance(s, GeneratedText)] == [
        "Cats purr when they are calm."
    ]
    assert isinstance(last, GeneratedText)
    assert last.unsupported >= 1


def test_no_document_is_read_without_end() -> None:
    many = tuple(passage("Cats purr. " * 400, f"n{i}") for i in range(2 * MOST_PARTS))
    request = document_request("Summarise the cats")
    assert request is not None
    model = Accounting("Cats purr [1].")
    *_, last = read_documents(GenerativeReader(model), request, [Document("cats", many)])
    assert isinstance(last, GeneratedText)
    assert len(last.raw.splitlines()) <= MOST_PARTS


def test_where_a_document_says_what_it_is_about_comes_first() -> None:
    funding = passage("The fund paid.", "a", heading=("Paper",))
    abstract = passage("Fences catch mud. " * 40, "b", heading=("Paper", "Abstract"))
    (found, start, end), second = openings([Document("Paper", (funding, abstract))], 2)
    assert found is abstract
    assert 0 < end - start <= 300
    assert second[0] is funding


LEASE = (passage("The lease runs five years.", "lease"), passage("Pets are forbidden.", "lease", 1))
BOILER = (passage("The boiler is by Remko.", "boiler"), passage("It burns gas.", "boiler", 1))
ITEMS = {"lease": LEASE, "boiler": BOILER}


def requested(question: str, *rankings: Sequence[Passage]) -> list[Sequence[Passage]]:
    request = document_request(question)
    assert request is not None
    documents = requested_documents(request, rankings, ITEMS.__getitem__)
    return [document.passages for document in documents]


def test_the_document_that_a_ranking_speaks_of_most_is_read() -> None:
    assert requested("Summarise the notes on the lease", [*LEASE, *BOILER]) == [LEASE]


def test_what_the_ranking_puts_first_is_passed_over_where_it_is_about_something_else() -> None:
    assert requested("Summarise the notes on the lease", [*BOILER, LEASE[1]]) == [LEASE]


def test_a_document_about_something_else_is_not_read_in_its_place() -> None:
    assert requested("Summarise the paper on volcanic ash", [*LEASE, *BOILER]) == []


def test_each_side_of_a_comparison_has_its_document() -> None:
    everything = [*BOILER, *LEASE]
    assert requested("Compare the lease and the boiler", everything, everything) == [LEASE, BOILER]


def test_a_collection_touches_every_document_about_its_subject() -> None:
    assert requested("List everything about Remko", [*LEASE, *BOILER]) == [BOILER]
