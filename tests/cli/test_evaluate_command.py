"""`evaluate`: tables for people, one object for programs, one sentence for what is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from commonplace import Library

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "data"))


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A set in the BEIR layout: three documents, two judged queries."""
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    texts = {"d1": "A saw cuts trees.", "d2": "Apples are fruit.", "d3": "Rough wood \x1b[31m."}
    corpus = [{"_id": name, "title": "", "text": text} for name, text in texts.items()]
    queries = [{"_id": "q1", "text": "saw trees"}, {"_id": "q2", "text": "wood that is rough"}]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    qrels = "query\tdocument\tgrade\nq1\td1\t1\nq2\td2\t1\n"
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_table_of_configurations(run: Run, tiny: Path) -> None:
    result = run("evaluate", "retrieval", str(tiny), "--only", "bm25", "--explain")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny: 3 documents, 2 queries"
    assert lines[2].split()[:5] == ["nDCG@10", "recall@100", "R@10", "MRR", "MAP"]
    assert lines[3].startswith("bm25  .500 ")
    assert "worst queries of bm25" in lines
    assert "nothing relevant was found; first: Rough wood \ufffd[31m." in result.stdout
    assert "largest |score - sum of its terms|:" in result.stdout
    assert lines[-1].startswith("kept in ")


def test_one_object(run: Run, tiny: Path) -> None:
    words = ["evaluate", "retrieval", str(tiny), "--only", "bm25", "--json"]
    found = json.loads(run(*words).stdout)
    assert (found["set"], found["documents"], found["queries"]) == ("tiny", 3, 2)
    (row,) = found["rows"]
    assert (row["configuration"], row["ndcg@10"], row["mrr"]) == ("bm25", 0.5, 0.5)
    assert json.loads(Path(found["kept"]).read_text())["rows"] == found["rows"]


def test_against_the_last_run(run: Run, tiny: Path) -> None:
    words = ["evaluate", "retrieval", str(tiny), "--only", "bm25"]
    missing = run(*words, "--against", "last")
    assert missing.exit_code == 2
    assert "no earlier report is kept of this; run once without --against" in missing.stderr
    run(*words)
    assert "no change at all: none of 2 differs" in run(*words, "--against", "last").stdout


def test_a_difference_that_may_be_chance_is_called_so(run: Run, tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    words = ["evaluate", "retrieval", str(tiny), "--only", "bm25"]
    run(*words, "--keep", str(file))
    record = json.loads(file.read_text())
    record["rows"][0]["values"] = {"q1": 0.5, "q2": 0.0}
    file.write_text(json.dumps(record))
    said = " ".join(run(*words, "--against", str(file)).stdout.split())
    assert "no significant change (p 1.000): +.250, 1 better" in said
    assert "1 better, 0 worse, 1 equal" in said
    assert ".500 to 1.000 saw trees" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["retrieval", "nowhere"], "there is no folder nowhere; name one that holds a set"),
        (["retrieval", "TINY", "--only", "fastest"], "no profile 'fastest' to measure; choose of"),
        (["answers", "TINY"], "has no passages.jsonl; a set consists of passages.jsonl"),
        (["answers", "TINY", "--sample", "-1"], "Invalid value for '--sample'"),
        (["--only", "bm25", "retrieval", "TINY"], "--only must stand after retrieval"),
        (["--json", "answers", "TINY"], "--json must stand after answers"),
        (["retrievel", "TINY"], "No such command 'retrievel'"),
    ],
)
def test_one_sentence_for_what_is_wrong(
    run: Run, tiny: Path, words: list[str], sentence: str
) -> None:
    result = run("evaluate", *(str(tiny) if word == "TINY" else word for word in words))
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_the_measures_it_says_how_to_have_them(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ir_measures", None)
    result = run("evaluate", "retrieval", str(tiny))
    assert result.exit_code == 2
    assert "pip install 'commonplace[evaluate]'" in result.stderr


def test_ones_own_library(run: Run, tmp_path: Path) -> None:
    note = tmp_path / "a.txt"
    note.write_text("A zither is a stringed instrument.\n\nA lute is an instrument too.")
    where = ["--library", str(tmp_path / "own")]
    run("add", str(note), "--no-vectors", *where)
    result = run("evaluate", "--answers", "0", *where)
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "known-item questions made from this library (not your judgments)" in said
    assert "no vectors yet: only bm25 is measured" in said
    assert "nDCG@10 by sort" in said
    found = json.loads(run("evaluate", "--answers", "0", "--json", *where).stdout)
    assert found["made_from"].startswith("known-item questions")
    assert found["rows"][0]["configuration"] == "bm25"
    assert found["answers"] is None


def test_the_library_of_a_set_may_be_named_before_the_verb(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    words = ["evaluate", "retrieval", str(tiny), "--only", "bm25"]
    run("--library", str(tmp_path / "kept"), *words)
    assert (tmp_path / "kept" / "library" / "format.json").exists()
    own = tmp_path / "own"
    Library.open(own)
    result = run(*words, "--library", str(own))
    assert "is a library; --library names the folder that a set's files" in result.stderr


def test_help_names_the_ways_to_measure(run: Run) -> None:
    said = run("evaluate", "--help").stdout
    assert "retrieval" in said
    assert "answers" in said
    assert "commonplace evaluate --against last" in said
