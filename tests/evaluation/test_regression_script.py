"""`benchmarks.ranking.regression` is silent while all is well, and says what is worse."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.ranking import regression
from evaluation_sets import write_lines

Script = Callable[..., tuple[object, str]]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return tmp_path / "reference"


@pytest.fixture
def script(
    reference: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Script:
    """Run the script with these words; returns what it exits with, and prints."""
    monkeypatch.setattr(regression, "REFERENCE", reference)

    def run(*words: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["regression.py", *map(str, words)])
        try:
            regression.main()
        except SystemExit as end:
            return end.code, capsys.readouterr().out
        return 0, capsys.readouterr().out

    return run


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """One set of eight queries; no document scores as another.

    Equal scores rank by row, and busy workers hand the files over in another order.
    """
    folder = tmp_path / "sets" / "beir" / "eight"
    corpus = [{"_id": "other", "text": "apple " * 9}]
    corpus += [{"_id": f"d{n}", "text": f"apple number{n}" + " and else" * n} for n in range(8)]
    write_lines(folder / "corpus.jsonl", corpus)
    write_lines(folder / "queries.jsonl", [{"_id": f"q{n}", "text": "apple"} for n in range(8)])
    (folder / "qrels").mkdir()
    rows = [f"q{n}\td{n}\t1\n" for n in range(8)]
    (folder / "qrels" / "test.tsv").write_text("".join(rows), encoding="utf-8")
    return tmp_path / "sets"


def test_nothing_is_worse_than_itself(script: Script, sets: Path, reference: Path) -> None:
    assert script(sets, "--write")[0] == 0
    record = json.loads((reference / "eight.json").read_text())
    assert set(record["ndcg@10"]) == {"bm25", "dense", "fast", "best"}
    assert "apple" not in (reference / "eight.json").read_text()
    code, printed = script(sets)
    assert code == 0
    assert len(printed.splitlines()) == 4
    assert printed.count("+0.0000  p 1.000  0 better, 0 worse, 8 equal") == 4


def test_what_is_significantly_worse_fails(script: Script, sets: Path, reference: Path) -> None:
    script(sets, "--write")
    file = reference / "eight.json"
    record = json.loads(file.read_text())
    record["ndcg@10"]["bm25"] = dict.fromkeys(record["ndcg@10"]["bm25"], 1.0)
    file.write_text(json.dumps(record))
    code, printed = script(sets, "--only", "bm25")
    assert str(code).startswith("regression: bm25 on eight is worse than its reference by 0.")
    assert "(p 0.008)" in str(code)  # 2 of 2^8 flips
    assert "WORSE" in printed
    record["ndcg@10"]["bm25"] = dict.fromkeys(record["ndcg@10"]["bm25"], 0.0)
    file.write_text(json.dumps(record))
    assert script(sets, "--only", "bm25")[0] == 0  # better is no regression


def test_what_cannot_be_compared_is_an_error(script: Script, sets: Path, reference: Path) -> None:
    assert "nothing to compare" in str(script(sets)[0])
    script(sets, "--write")
    (reference / "lost.json").write_text("{}")
    assert "has no set lost" in str(script(sets)[0])
    assert "has no set moon" in str(script(sets, "--sets", "moon")[0])
    assert "leave out --only" in str(script(sets, "--write", "--only", "bm25")[0])
    write_lines(sets / "beir" / "eight" / "corpus.jsonl", [{"_id": "d0", "text": "apple"}])
    assert "is not the set that eight.json was made of" in str(script(sets, "--sets", "eight")[0])
