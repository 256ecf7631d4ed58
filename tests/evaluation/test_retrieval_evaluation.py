"""A small set through the whole path: measures, stages, worst queries, and what is kept."""

import json
import math
from pathlib import Path

import pytest

from commonplace import InputError, Library
from commonplace.evaluation import evaluate_retrieval


def test_measures_are_the_known_ones(beir: Path) -> None:
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    (row,) = report.rows
    assert row.values["ndcg@10"]["q1"] == row.values["ndcg@10"]["q3"] == 1
    # Apples come first (grade 1), the pear (grade 2) second.
    gained = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))
    assert row.values["ndcg@10"]["q2"] == pytest.approx(gained)
    assert row.means["ndcg@10"] == pytest.approx((2 + gained) / 3)
    assert row.means["mrr"] == row.means["map"] == row.means["recall@10"] == 1
    low, high = row.intervals["ndcg@10"]
    assert gained <= low < row.means["ndcg@10"] < high <= 1
    assert row.p50_ms > 0


def test_the_record_has_the_documented_keys(beir: Path) -> None:
    report, kept = evaluate_retrieval(beir, explain=True)
    record = report.record()
    assert (record["set"], record["documents"], record["queries"]) == ("tiny", 4, 3)
    assert [row["configuration"] for row in record["rows"]] == ["bm25", "dense", "fast", "best"]
    measures = {"ndcg@10", "recall@100", "recall@10", "mrr", "map"}
    for row in record["rows"]:
        assert measures | {"p50_ms", "intervals", "values"} <= set(row)
        assert set(row["intervals"]) == measures
        assert set(row["values"]) == {"q1", "q2", "q3"}
    pairs = [(one["before"], one["after"]) for one in record["comparisons"]]
    assert pairs == [("bm25", "dense"), ("dense", "fast"), ("fast", "best")]
    assert record["explanation_error"] < 1e-9
    on_disk = json.loads(kept.read_text())
    assert {name: on_disk[name] for name in record} == json.loads(json.dumps(record))


def test_the_worst_queries_say_what_was_first_instead(beir: Path) -> None:
    with open(beir / "qrels" / "test.tsv", "a", encoding="utf-8") as file:
        file.write("q4\td-pear\t1\n")
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    nothing, *_, second = report.worst
    assert (nothing.query, nothing.first, nothing.rank, nothing.value) == ("q4", "", None, 0)
    assert (second.query, second.first, second.rank) == ("q2", "d-apple", 1)
    assert second.first_text.startswith("Apples. An apple is a fruit.")
    assert report.rows[0].nothing == 1


def test_documents_rank_as_their_best_passage_and_keep_their_ids(beir: Path) -> None:
    long = {"_id": "d-long", "title": "Long", "text": ("Saws and saws. " * 60 + "\n\n") * 40}
    with open(beir / "corpus.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(long) + "\n")
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    assert report.documents == 5
    assert report.rows[0].values["recall@10"]["q1"] == 1  # 40 passages of one document: one place


def test_a_library_is_kept_and_used_again(beir: Path, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    first, _ = evaluate_retrieval(beir, library=place)
    second, _ = evaluate_retrieval(beir, library=place)
    assert [row.values for row in first.rows] == [row.values for row in second.rows]
    assert Library.open(place / "library", create=False).log() == []
    (place / "documents" / "1.md").write_text("changed", encoding="utf-8")
    with pytest.raises(InputError, match="holds the files of another set; name an empty folder"):
        evaluate_retrieval(beir, library=place)


def test_a_users_library_is_not_filled_with_a_set(beir: Path, library: Library) -> None:
    with pytest.raises(InputError, match="is a library; --library names the folder"):
        evaluate_retrieval(beir, library=library.folder)


def test_some_queries_are_the_same_each_time(beir: Path) -> None:
    first, _ = evaluate_retrieval(beir, only=["bm25"], limit=2)
    second, _ = evaluate_retrieval(beir, only=["bm25"], limit=2)
    assert len(first.queries) == 2
    assert first.queries == second.queries


def test_an_empty_run_is_an_error(beir: Path) -> None:
    lines = [{"_id": f"q{n}", "text": "zyzzyva"} for n in range(1, 5)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (beir / "queries.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="bm25 found nothing for any query"):
        evaluate_retrieval(beir, only=["bm25"])


def test_an_unknown_profile(beir: Path) -> None:
    with pytest.raises(
        InputError, match="there is no profile 'fastest' to measure; choose of bm25"
    ):
        evaluate_retrieval(beir, only=["fastest"])


# -------------------------------------------------------------------- compared with earlier


def test_the_same_again_is_no_change(beir: Path) -> None:
    evaluate_retrieval(beir)
    report, _ = evaluate_retrieval(beir, against="last")
    assert [one.after for one in report.against] == ["bm25", "dense", "fast", "best"]
    assert {(one.better, one.worse, one.p) for one in report.against} == {(0, 0, 1.0)}


def test_a_change_is_seen_query_by_query(beir: Path, tmp_path: Path) -> None:
    _, kept = evaluate_retrieval(beir, only=["bm25"], keep_in=tmp_path / "before.json")
    assert kept == tmp_path / "before.json"
    record = json.loads(kept.read_text())
    record["rows"][0]["values"]["q1"] = 0.25
    kept.write_text(json.dumps(record))
    report, _ = evaluate_retrieval(beir, only=["bm25", "fast"], against=str(kept))
    (one,) = report.against  # fast was not measured before
    assert (one.better, one.worse, one.equal, one.queries) == (1, 0, 2, 3)
    assert one.difference == pytest.approx(0.25)
    assert report.record()["against"][0]["changes"] == [
        {"query": "q1", "text": "sharp saw", "before": 0.25, "after": 1.0}
    ]


def test_what_cannot_be_compared(beir: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no earlier report is kept of this"):
        evaluate_retrieval(beir, only=["bm25"], against="last")
    with pytest.raises(InputError, match="cannot be read"):
        evaluate_retrieval(beir, only=["bm25"], against=str(tmp_path / "none.json"))
    file = tmp_path / "file.json"
    for text, sentence in (
        ("{", "is no report: it is not JSON"),
        ("[]", "is no report; name a file"),
        ('{"rows": [], "kind": "answers"}', "is no report of this sort"),
        ('{"rows": [], "kind": "retrieval", "hash": "1", "set": "x"}', "measured something else"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=sentence):
            evaluate_retrieval(beir, only=["bm25"], against=str(file))
    _, kept = evaluate_retrieval(beir, only=["bm25"])
    with pytest.raises(InputError, match="the earlier report measured bm25, and this one dense"):
        evaluate_retrieval(beir, only=["dense"], against=str(kept))


def test_a_kept_library_that_was_moved_is_refused(beir: Path, tmp_path: Path) -> None:
    evaluate_retrieval(beir, only=["bm25"], library=tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="was made in another folder"):
        evaluate_retrieval(beir, only=["bm25"], library=tmp_path / "moved")
