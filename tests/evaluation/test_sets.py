"""What is wrong with a set is said in one sentence that names the file and the line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import InputError
from commonplace.evaluation import evaluate_answers, evaluate_retrieval


def overwrite(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda f: (f / "corpus.jsonl").unlink(), "has no corpus.jsonl; a set consists of"),
        (lambda f: (f / "queries.jsonl").unlink(), "has no queries.jsonl"),
        (lambda f: (f / "qrels/test.tsv").unlink(), "has no judgments; expected qrels/test.tsv"),
        (overwrite("corpus.jsonl", ""), "holds no document"),
        (overwrite("corpus.jsonl", '\n{"_id": "1", "text": "x"}\n{"_id": '), "line 3: this is no"),
        (overwrite("corpus.jsonl", '{"_id": "1"}'), "corpus.jsonl, line 1: 'text' is missing"),
        (overwrite("queries.jsonl", "[1]"), "queries.jsonl, line 1: expected an object"),
        (overwrite("qrels/test.tsv", "a\tb\tc\n"), "has no query with a relevant document"),
        (overwrite("qrels/test.tsv", "q1\td-saw\t0\n"), "has no query with a relevant document"),
        (overwrite("qrels/test.tsv", "a\tb\tc\nq1 d-saw 1\n"), "test.tsv, line 2: expected"),
        (overwrite("qrels/test.tsv", "q1\t0\td-saw\t1\n"), "line 1: expected a query, a document"),
        (overwrite("qrels/test.tsv", "q9\td-saw\t1\n"), "judges the query q9, which is not in"),
        (lambda f: (f / "corpus.jsonl").write_bytes(b'{"_id": "\xff"}'), "is not UTF-8"),
    ],
)
def test_a_damaged_set(beir: Path, break_it: Callable[[Path], object], sentence: str) -> None:
    break_it(beir)
    with pytest.raises(InputError, match=sentence) as error:
        evaluate_retrieval(beir, only=["bm25"])
    assert "\n" not in str(error.value)


def test_no_folder_at_all(tmp_path: Path) -> None:
    for evaluate in (evaluate_retrieval, evaluate_answers):
        with pytest.raises(InputError, match="there is no folder"):
            evaluate(tmp_path / "nowhere")


def test_of_several_judgments_those_for_testing_are_taken(beir: Path) -> None:
    (beir / "qrels" / "dev.tsv").write_text("a\tb\tc\nq1\td-pear\t1\n", encoding="utf-8")
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    assert set(report.queries) == {"q1", "q2", "q3"}
    (beir / "qrels" / "test.tsv").rename(beir / "qrels" / "train.tsv")
    with pytest.raises(InputError, match=r"dev.tsv and train.tsv and no test.tsv; leave one"):
        evaluate_retrieval(beir, only=["bm25"])


def test_judgments_without_a_line_of_headings(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("q1\td-saw\t1\n", encoding="utf-8")
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    assert report.rows[0].means["ndcg@10"] == 1


def test_relevant_documents_that_are_not_there_are_told(beir: Path) -> None:
    with open(beir / "qrels" / "test.tsv", "a", encoding="utf-8") as file:
        file.write("q1\tlost\t1\n")
    report, _ = evaluate_retrieval(beir, only=["bm25"])
    assert report.notices[0] == "1 of 5 relevant documents are not in corpus.jsonl"
    assert report.rows[0].values["recall@100"]["q1"] == 0.5
