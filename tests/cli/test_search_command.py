"""`search`: hits for people and for programs, explanations that add up, hostile notes."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from patience import PATIENCE

Run = Callable[..., Result]


def test_a_hit_has_title_place_words_and_id(run: Run, notes: Path) -> None:
    text = run("search", "low-rank update", "-n", "1").stdout
    number, place, *words, identity = text.splitlines()
    assert number == " 1  LoRA › Why two matrices"
    assert place.strip().endswith("notes/lora.md:5")
    assert "The low-rank update B A has rank at most r" in " ".join(words)
    assert re.fullmatch(r" +[0-9a-f]{8,}", identity)


def test_json(run: Run, notes: Path) -> None:
    found = json.loads(run("search", "low-rank", "update", "--json").stdout)
    assert list(found) == ["hits"]
    hit = found["hits"][0]
    assert hit["path"] == str(notes / "lora.md")
    locator = hit["locator"]
    assert locator["type"] == "text"
    source = (notes / "lora.md").read_text()
    assert source[locator["start"] : locator["end"]] == hit["text"]
    assert hit["score"] > 0
    assert {"id", "heading", "title", "kind"} <= set(hit)
    assert "explanation" not in hit


def test_an_explanation_adds_up(run: Run) -> None:
    result = run("search", "low-rank update of matrices", "--explain", "-n", "1")
    rows = re.findall(r"^ +\w+ +\d+ +\d+ +\d+ +\d+\.\d+ +(\d+\.\d{4})$", result.stdout, re.M)
    total = re.search(r"^ +sum +(\d+\.\d{4})$", result.stdout, re.M)
    score = re.search(r"^ +score +(\d+\.\d{4})", result.stdout, re.M)
    bm25 = re.search(r"^ +bm25 +(\d+\.\d{4})  rank 1$", result.stdout, re.M)
    assert rows
    assert total
    assert score
    assert bm25
    assert sum(map(float, rows)) == pytest.approx(float(total[1]), abs=1e-4 * len(rows))
    assert total[1] == bm25[1] == score[1]
    assert "statistics are those of all passages, also under a filter" in result.stdout


def test_an_explanation_in_json_adds_up(run: Run) -> None:
    found = json.loads(run("search", "low-rank update", "--explain", "--json").stdout)
    for hit in found["hits"]:
        why = hit["explanation"]
        assert sum(term["weight"] for term in why["terms"]) == pytest.approx(why["bm25"], abs=1e-5)


def test_filters(run: Run, notes: Path) -> None:
    query = ["search", "rank rare matrices weight", "--json"]

    def paths(*more: str) -> set[str]:
        hits = json.loads(run(*query, *more).stdout)["hits"]
        return {Path(hit["path"]).name for hit in hits}

    assert paths() == {"lora.md", "dora.md", "bm25.txt"}
    assert paths("--kind", "text") == {"bm25.txt"}
    assert paths("--in", str(notes / "deep")) == {"bm25.txt"}
    assert paths("--in", str(notes / "deep"), "--in", str(notes / "dora.md")) == {
        "bm25.txt",
        "dora.md",
    }
    assert paths("--until", "2000-01-01") == set()


def test_nothing_found_says_so(run: Run) -> None:
    result = run("search", "zyzzyva")
    assert (result.exit_code, result.stdout) == (0, "nothing found for “zyzzyva”\n")
    assert "with these filters" in run("search", "rank", "--until", "2000-01-01").stdout
    assert json.loads(run("search", "zyzzyva", "--json").stdout) == {"hits": []}


def test_before_the_library_began(run: Run) -> None:
    result = run("search", "rank", "--as-of", "2000-01-01")
    assert result.exit_code == 2
    assert "held nothing on 2000-01-0" in result.stderr


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Words that name a library of one note full of escape sequences, added and searched once."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "notes").mkdir()
    harmless = "Plain words about okapi ranking, again and again. " * 20
    evil = "\x1b[2J\x1b]0;owned\x07 okapi \x9b31m \u202egnitset\u202c "
    note = f"# Evil \x1b[31mtitle\n\n{evil}{harmless}\n"
    (folder / "notes" / "evil\x1b[31m\n.md").write_text(note, encoding="utf-8")
    where = ["--library", str(folder / "l")]
    for words in (["add", str(folder / "notes"), "--no-vectors"], ["search", "okapi"]):
        command = [sys.executable, "-m", "commonplace", *words, *where]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return where


@pytest.mark.parametrize("verb", [["search", "okapi"], ["show", "1"], ["status"], ["log"]])
def test_no_escape_sequence_reaches_a_terminal(hostile: list[str], verb: list[str]) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "commonplace", *verb, *hostile],
        stdout=theirs,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    assert process.wait(PATIENCE) == 0
    text = seen.decode().replace("\r\n", "\n")
    assert not re.search("[\x07\x9b\u202e\r]", text)
    assert set(re.findall("\x1b.{0,3}", text)) <= {"\x1b[1m", "\x1b[2m", "\x1b[0m", "\x1b[33"}
    if verb[0] in {"search", "show"}:
        assert "okapi" in text
        assert "\x1b[1m" in text


def test_json_holds_no_control_character(hostile: list[str], run: Run) -> None:
    result = run("search", "okapi", "--json", *hostile)
    assert result.stdout.isascii()
    assert result.stdout.replace("\n", "").isprintable()
    assert "\x1b[2J" in json.loads(result.stdout)["hits"][0]["text"]
