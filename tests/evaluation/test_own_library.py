"""Measuring one's own library: by judgments, by questions made of it, and what is said of both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import Answer, Citation, Filter, InputError, Library, Refusal, Sentence, Unsure
from commonplace.corpus import Verdict
from commonplace.evaluation import candidates, evaluate_library, queries_to_judge
from outcomes import account, unsure_of

Write = Callable[[str, str], Path]


@pytest.fixture
def notes(library: Library, write: Write) -> Library:
    write(
        "adapters.md",
        "# Adapters\n\n## Low rank updates\n\nLoRA is a method that trains two small matrices.\n\n"
        "## Introduction\n\nUpdates of low rank are cheap.\n\n"
        "See [weights in magnitude and direction](https://arxiv.org/abs/2402.09353).\n",
    )
    write(
        "ranking.md",
        "# Ranking\n\n## Introduction\n\nBM25 is a ranking function. Rank low, rank high.\n\n"
        "## Rare words\n\nThey weigh more in each direction of weights, by magnitude.\n\n"
        "It is a rule.\n",
    )
    root = write(
        "words.txt", "Rare words update nothing. A zither is a stringed instrument."
    ).parent
    library.add(root)
    return library


def contents(library: Library, query: str) -> list[str]:
    return [hit.passage.id for hit in library.search(query, profile="bm25")]


# -------------------------------------------------------------------- questions made of it


def test_questions_are_made_of_headings_definitions_and_links(notes: Library) -> None:
    report, _ = evaluate_library(notes, only=["bm25"], answers=0)
    queries = set(report.ranking.queries)
    assert {"what is LoRA", "what is BM25", "what is zither"} <= queries
    assert {"low rank updates", "rare words", "weights in magnitude and direction"} <= queries
    assert "introduction" not in queries  # stands twice, and is one word
    assert not any(query.startswith("what is It") for query in queries)
    assert report.record()["made_from"] == (
        "known-item questions made from this library (not your judgments)"
    )
    assert {sort for sort, _, _ in report.sorts} == {"heading", "definition", "link"}
    assert sum(count for _, count, _ in report.sorts) == len(queries)


def test_made_questions_are_the_same_each_time_and_at_most_so_many(notes: Library) -> None:
    first, _ = evaluate_library(notes, only=["bm25"], answers=0, questions=4)
    second, _ = evaluate_library(notes, only=["bm25"], answers=0, questions=4)
    assert list(first.ranking.queries) == list(second.ranking.queries)
    assert len(first.ranking.queries) == 4


def test_what_is_relevant_is_found(notes: Library) -> None:
    report, _ = evaluate_library(notes, only=["bm25"], answers=0)
    (row,) = report.ranking.rows
    assert row.values["recall@10"]["what is zither"] == 1
    assert row.means["recall@10"] > 0.9


def test_measuring_leaves_no_trace_in_the_log(notes: Library) -> None:
    notes.search("low rank", profile="bm25")
    evaluate_library(notes, only=["bm25"], answers=0)
    candidates(notes, "low rank")
    assert [record["query"] for record in notes.log()] == ["low rank"]


# -------------------------------------------------------------------- judgments


def test_judgments_come_first_where_there_are_any(notes: Library) -> None:
    fitting, *_ = contents(notes, "stringed instrument")
    other = contents(notes, "rare words")[-1]
    notes.give_feedback("zither", fitting, "up", source="judge")
    notes.give_feedback("zither", other, "down")
    report, kept = evaluate_library(notes, only=["bm25"], answers=0)
    assert report.by == "judgments"
    assert report.ranking.queries == {"zither": "zither"}
    assert report.ranking.rows[0].means["ndcg@10"] == 1
    assert kept.parent == notes.folder / "learned" / "evaluations"
    assert any("one query is too few for intervals" in notice for notice in report.ranking.notices)
    made, _ = evaluate_library(notes, only=["bm25"], answers=0, by="known-items")
    assert made.by == "known-items"


def test_what_was_learned_from_feedback_is_left_aside(notes: Library) -> None:
    before, _ = evaluate_library(notes, only=["bm25", "fast"], answers=0, by="known-items")
    for query in before.ranking.queries:
        for place, passage in enumerate(contents(notes, query), 1):
            notes.give_feedback(query, passage, "down", rank=place)
    after, _ = evaluate_library(notes, only=["bm25", "fast"], answers=0, by="known-items")
    assert [r.values for r in after.ranking.rows] == [r.values for r in before.ranking.rows]


def test_the_last_word_counts_and_a_word_more_than_a_deed(notes: Library) -> None:
    first, second, *_ = contents(notes, "rank")
    verdicts: tuple[Verdict, ...] = ("up", "down", "opened")
    for verdict in verdicts:
        notes.give_feedback("rank", first, verdict)
    with pytest.raises(InputError, match="there is no judgment of a passage that fits"):
        evaluate_library(notes, only=["bm25"], by="judgments")
    notes.give_feedback(" rank ", second, "opened")
    report, _ = evaluate_library(notes, only=["bm25"], answers=0)
    assert report.ranking.rows[0].values["mrr"] == {"rank": 0.5}


def test_against_last_compares_the_same_sort_only(notes: Library) -> None:
    evaluate_library(notes, only=["bm25"], answers=0)
    report, _ = evaluate_library(notes, only=["bm25"], answers=0, against="last")
    assert report.ranking.against[0].p == 1
    notes.give_feedback("zither", contents(notes, "zither")[0], "up")
    with pytest.raises(InputError, match="no earlier report is kept of this"):
        evaluate_library(notes, only=["bm25"], answers=0, against="last")


def test_a_query_that_was_judged_otherwise_since_is_not_compared(notes: Library) -> None:
    one, two, *_ = contents(notes, "rank")
    notes.give_feedback("rank", one, "up")
    notes.give_feedback("zither", contents(notes, "zither")[0], "up")
    evaluate_library(notes, only=["bm25"], answers=0)
    notes.give_feedback("rank", two, "up")
    report, _ = evaluate_library(notes, only=["bm25"], answers=0, against="last")
    assert report.ranking.against[0].queries == 1
    assert report.ranking.notices[0].startswith("1 queries are new or judged otherwise since")
    notes.give_feedback("zither", contents(notes, "zither instrument words")[-1], "up")
    notes.give_feedback("rank", one, "down")
    with pytest.raises(InputError, match="has no query in common with this one"):
        evaluate_library(notes, only=["bm25"], answers=0, against="last")


# -------------------------------------------------------------------- errors


def test_an_empty_library_is_an_error(library: Library) -> None:
    with pytest.raises(InputError, match="holds no passage; `commonplace add` your files first"):
        evaluate_library(library)


def test_a_library_of_which_no_question_can_be_made(library: Library, write: Write) -> None:
    library.add(write("a.txt", "Nothing here."), vectors=False)
    with pytest.raises(InputError, match="no headings, definitions or links to make"):
        evaluate_library(library, only=["bm25"])


def test_without_vectors_only_words_are_measured_and_that_is_said(
    library: Library, write: Write
) -> None:
    library.add(write("a.txt", "A zither is a stringed instrument."), vectors=False)
    report, _ = evaluate_library(library, answers=0)
    assert [row.configuration for row in report.ranking.rows] == ["bm25"]
    assert report.ranking.notices[0].startswith("no vectors yet: only bm25 is measured")
    with pytest.raises(InputError, match="has no vectors yet, and only bm25 can be measured"):
        evaluate_library(library, only=["bm25", "fast"])


# -------------------------------------------------------------------- answers


def test_answers_of_definitions_and_of_files_that_do_not_name_them(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zither", "lute", "harp", "oud", "lyre"):
        write(f"{name}.txt", f"A {name} is a stringed instrument.")
    root = write("none.txt", "What is an instrument? Strings.").parent
    library.add(root)
    asked: list[tuple[str, Filter | None]] = []

    def ask(self: Library, question: str, *, filter: Filter | None = None) -> Answer | Refusal:
        asked.append((question, filter))
        hits = self.search(question, profile="bm25", limit=1, filter=filter)
        hit = (hits or self.search("instrument", profile="bm25"))[0]
        if filter and "lute" not in question:
            return Refusal("", (), **account(question))
        cited = Citation(hit.passage, 0, 5, hit.passage.locator)
        moment = hit.passage.written_at
        return Answer((Sentence("", (cited,)),), moment, moment, **account(question, 1))

    monkeypatch.setattr(Library, "ask", ask)
    report, _ = evaluate_library(library, only=["bm25"], answers=20)
    assert report.answers
    record = report.answers.record()
    assert (record["questions"], record["asked_elsewhere"]) == (5, 5)
    assert (record["answered"], record["right_passage"]) == (1, 1)
    assert record["false_answer_rate"] == 0.2
    assert record["answered_elsewhere"] == ["What is lute?"]
    assert (record["unsure_rate"], record["unsure"], record["refused"]) == (0, [], [])
    for question, part in asked:
        if part:
            assert question.removeprefix("What is ").rstrip("?") not in part.paths[0]


def test_definitions_in_doubt_are_listed_apart_from_the_refused(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zither", "lute", "harp", "oud", "lyre"):
        folder = write(f"{name}.txt", f"A {name} is a stringed instrument.").parent
    library.add(folder)

    def ask(self: Library, question: str, *, filter: Filter | None = None) -> Unsure | Refusal:
        if "harp" in question:
            return unsure_of(self, question, ["A harp is a stringed"], reason="no")
        return Refusal("", (), **account(question))

    monkeypatch.setattr(Library, "ask", ask)
    report, _ = evaluate_library(library, only=["bm25"], answers=20)
    assert report.answers
    record = report.answers.record()
    assert (record["unsure"], record["unsure_rate"]) == (["What is harp?"], 0.2)
    assert (len(record["refused"]), record["false_refusal_rate"]) == (4, 1)


def test_too_few_definitions_are_said_to_be(notes: Library) -> None:
    report, _ = evaluate_library(notes, only=["bm25"], answers=20)
    assert report.answers is None
    assert report.ranking.notices[-1].startswith("answers and refusals are left out: fewer than 5")


# -------------------------------------------------------------------- what is judged


def test_candidates_are_pooled_mixed_and_not_judged_yet(notes: Library) -> None:
    pool = candidates(notes, "rare words rank")
    assert [p.id for p in pool] == [p.id for p in candidates(notes, "rare words rank")]
    assert {p.id for p in pool} >= set(contents(notes, "rare words rank")[:5])
    orders = [
        [p.id for p in candidates(notes, query)]
        for query in ("rare words rank", "rank words rare", "words rare rank")
    ]
    assert len({tuple(order) for order in orders}) > 1
    notes.give_feedback("rare words rank", pool[0].id, "down")
    assert candidates(notes, " rare words  rank ") == pool[1:] or len(pool) - 1 == len(
        candidates(notes, " rare words  rank ")
    )


def test_copies_take_no_room_among_the_candidates(library: Library, write: Write) -> None:
    for number in range(6):
        write(f"{number}.txt", "# \n\nA zither, a zither.")  # titles of numbers are left out
    root = write("other.txt", "A zither among many other stringed instruments.").parent
    library.add(root, vectors=False)
    paths = [Path(p.path).name for p in candidates(library, "zither", depth=2)]
    assert len(paths) == 2
    assert "other.txt" in paths


def test_queries_to_judge_are_those_of_the_log_without_a_verdict(notes: Library) -> None:
    for query in ("low rank", "zither", "low rank", "rare words"):
        notes.search(query, profile="bm25")
    assert queries_to_judge(notes, 10) == ["rare words", "low rank", "zither"]
    hit = contents(notes, "zither")[0]
    notes.give_feedback("low rank", hit, "opened")  # is no verdict
    notes.give_feedback("rare words", hit, "down")
    assert queries_to_judge(notes, 10) == ["zither", "low rank"]  # `contents` asked once more
    assert queries_to_judge(notes, 1) == ["zither"]
