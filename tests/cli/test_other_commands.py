"""`status`, `show`, `reading`, `remove`, `log`."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from commonplace import Library
from commonplace.foundation import append_record
from patience import PATIENCE

Run = Callable[..., Result]
Write = Callable[[str, str], Path]


@pytest.fixture
def own(write: Write, tmp_path: Path) -> list[str]:
    """Words that name a library that the test may change."""
    write("a.md", "# Alpha\n\nOkapi ranks by rare words. See https://example.org/a.\n")
    write("b.md", "# Beta\n\nA second note, on https://example.org/a and https://example.org/b.\n")
    Library.open(tmp_path / "l").add(tmp_path / "notes", vectors=False)
    return ["--library", str(tmp_path / "l")]


# ---------------------------------------------------------------- status


def test_status_in_json_is_exactly_the_documented_object(run: Run, notes: Path) -> None:
    found = json.loads(run("status", "--json").stdout)
    assert list(found) == ["files", "totals"]
    assert all(list(file) == ["path", "state", "reason", "passages"] for file in found["files"])
    by_path = {file["path"]: file for file in found["files"]}
    assert by_path[str(notes / "empty.md")]["state"] == "skipped"
    assert "empty file" in by_path[str(notes / "empty.md")]["reason"]
    assert by_path[str(notes / "lora.md")]["passages"] > 0
    assert found["totals"]["files"] == 4
    assert found["totals"]["indexed"] == 3


def test_status_names_what_needs_attention_first(run: Run, own: list[str], tmp_path: Path) -> None:
    (tmp_path / "notes" / "a.md").write_text("changed since it was read")
    text = run("status", *own).stdout
    assert text.index("changed on disk") < text.index("a.md") < text.index("b.md")
    assert "2 files: 1 indexed, 1 stale · 2 passages, 0 vectors" in text


def test_status_of_a_path(run: Run, notes: Path) -> None:
    text = run("status", str(notes / "deep")).stdout
    assert "bm25.txt" in text
    assert "lora.md" not in text


def test_status_of_many_files_is_by_folder_unless_all(
    run: Run, write: Write, tmp_path: Path
) -> None:
    for n in range(30):
        write(f"{'ab'[n % 2]}/{n}.md", f"# Note {n}\n\nText.\n")
    for n in range(15):
        write(f"empty/{n}.md", "")
    where = ["--library", str(tmp_path / "l")]
    Library.open(tmp_path / "l").add(tmp_path / "notes", vectors=False)
    short, whole = run("status", *where).stdout, run("status", "--all", *where).stdout
    assert "notes/a/" in short
    assert "a/0.md" not in short
    assert "and 5 more files: --all names them" in short
    assert whole.count(".md") == 45
    assert "45 files: 30 indexed, 15 skipped" in whole


# ---------------------------------------------------------------- show


def test_show_by_number_and_by_id(run: Run, own: list[str], tmp_path: Path) -> None:
    hit = json.loads(run("search", "okapi", "--json", *own).stdout)["hits"][0]
    text = run("show", "1", *own).stdout
    assert text.startswith("Alpha\n")
    assert "notes/a.md:3" in text
    assert "»Okapi ranks by rare words." in text
    assert "# Alpha\n\n»" in text
    assert run("show", hit["id"], *own).stdout == text
    assert run("show", "[1]", *own).stdout == text
    assert "»Okapi«" in run("show", f"{hit['id']}:0-5", *own).stdout


def test_show_numbers_each_citation_once(run: Run, own: list[str], tmp_path: Path) -> None:
    a, b = (
        json.loads(run("search", word, "--json", *own).stdout)["hits"][0]["id"]
        for word in ("okapi", "second")
    )
    passages = [f"{a}:0-5", f"{a}:0-5", f"{b}:2-8"]
    append_record(tmp_path / "l" / "log" / "log.jsonl", {"verb": "ask", "passages": passages})
    assert "»second«" in run("show", "2", *own).stdout
    result = run("show", "3", *own)
    assert result.exit_code == 2
    assert "there is no number 3: the last ask has the numbers 1 to 2" in result.stderr


def test_show_before_anything_was_asked(run: Run, own: list[str]) -> None:
    result = run("show", "1", *own)
    assert result.exit_code == 2
    assert "nothing was asked yet" in result.stderr


def test_show_says_that_the_source_changed(run: Run, own: list[str], tmp_path: Path) -> None:
    run("search", "okapi", *own)
    (tmp_path / "notes" / "a.md").write_text("something else")
    text = run("show", "1", *own).stdout
    assert "this source has changed: changed on disk since it was read" in text
    assert "»Okapi ranks by rare words." in text


def test_show_of_a_pdf_names_the_drawn_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reportlab = pytest.importorskip("reportlab.pdfgen.canvas")
    page = reportlab.Canvas(str(tmp_path / "paper.pdf"))
    page.drawString(72, 700, "Okapi ranks passages by the rare words that they share.")
    page.save()
    where = ["--library", str(tmp_path / "l")]
    assert run("add", str(tmp_path / "paper.pdf"), "--no-vectors", *where).exit_code == 0
    assert "paper.pdf, page 1" in run("search", "okapi", *where).stdout
    opened: list[str] = []
    monkeypatch.setattr("click.launch", opened.append)
    text = run("show", "1", *where).stdout
    picture = text.splitlines()[-1].rpartition(": ")[2]
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert opened == []
    run("show", "1", "--open", *where)
    assert opened == [picture]


# ---------------------------------------------------------------- reading


def test_reading_lists_each_link_once(run: Run, own: list[str], tmp_path: Path) -> None:
    text = run("reading", *own).stdout
    assert text.index("   2× ") < text.index("https://example.org/a") < text.index("   1× ")
    assert "2 links, 0 read" in text
    assert "See https://example.org/a" in run("reading", "-v", *own).stdout
    assert (
        "1 link, 0 read"
        in run("reading", "--mentioned-in", str(tmp_path / "notes" / "a.md"), *own).stdout
    )
    assert "the first 1 are shown" in run("reading", "-n", "1", *own).stdout


def test_reading_in_json(run: Run, notes: Path) -> None:
    entries = json.loads(run("reading", "--json").stdout)["entries"]
    first = entries[0]
    keys = ["url", "kind", "title", "count", "read", "read_at", "mentions"]
    assert list(first) == keys
    assert first["url"] == "https://arxiv.org/abs/2106.09685"
    assert (first["count"], first["read"], first["read_at"]) == (2, False, None)
    assert {mention["path"] for mention in first["mentions"]} == {
        str(notes / "lora.md"),
        str(notes / "dora.md"),
    }
    assert all(set(mention) == {"path", "label", "context"} for mention in first["mentions"])


def test_reading_marks(run: Run, own: list[str]) -> None:
    before = datetime.now(UTC)
    assert run("reading", "--mark-read", "https://example.org/a#part", *own).stdout == (
        "read: https://example.org/a\n"
    )
    unread = json.loads(run("reading", "--unread", "--json", *own).stdout)["entries"]
    assert [entry["url"] for entry in unread] == ["https://example.org/b"]
    shown, after = run("reading", *own).stdout, datetime.now(UTC)
    assert any(f"read {time.astimezone():%Y-%m}" in shown for time in (before, after))
    run("reading", "--mark-unread", "https://example.org/a", *own)
    assert "2 links, 0 read" in run("reading", *own).stdout


# ---------------------------------------------------------------- remove


def test_remove(run: Run, own: list[str], tmp_path: Path) -> None:
    result = run("remove", str(tmp_path / "notes" / "a.md"), *own)
    assert result.exit_code == 0
    assert result.stdout.startswith("removed ")
    assert (tmp_path / "notes" / "a.md").exists()
    assert "nothing found" in run("search", "okapi", *own).stdout
    assert run("remove", str(tmp_path / "notes" / "a.md"), *own).exit_code == 2


def test_remove_asks_on_a_terminal(own: list[str], tmp_path: Path) -> None:
    import pty
    import subprocess
    import sys

    def answer(word: bytes) -> int:
        ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "commonplace", "remove", str(tmp_path / "notes"), *own]
        process = subprocess.Popen(words, stdin=theirs, stdout=subprocess.DEVNULL)
        os.write(ours, word)
        code = process.wait(PATIENCE)
        os.close(ours)
        os.close(theirs)
        return code

    assert answer(b"n\n") == 1
    assert len(Library.open(tmp_path / "l").status().files) == 2
    assert answer(b"y\n") == 0
    assert len(Library.open(tmp_path / "l").status().files) == 0


# ---------------------------------------------------------------- log


def test_log(run: Run, own: list[str]) -> None:
    assert run("log", *own).stdout == "nothing was asked yet\n"
    run("search", "okapi", *own)
    run("search", "zyzzyva", *own)
    first, second = run("log", *own).stdout.splitlines()
    assert "search  okapi" in first
    assert "1 passage " in first
    assert "nothing" in second
    assert " ms" in second
    records = json.loads(run("log", "-n", "1", "--json", *own).stdout)["records"]
    assert [record["query"] for record in records] == ["zyzzyva"]


def test_log_shows_what_was_closest_where_it_was_unsure(
    run: Run, own: list[str], tmp_path: Path
) -> None:
    quotes = [{"id": "ab12:0-7", "quote": "Five\nhives"}, {"id": "cd34:0-5", "quote": "Bees."}]
    asked = {"at": "2026-01-02T12:00:00+00:00", "verb": "ask", "query": "How many hives?"}
    kept = {"passages": ["ab12:0-7", "cd34:0-5"], "outcome": "unsure", "closest": quotes}
    append_record(tmp_path / "l" / "log" / "log.jsonl", {**asked, **kept})
    first, *closest = run("log", *own).stdout.splitlines()
    assert "unsure" in first
    assert "2 passages" not in first
    assert [line.strip() for line in closest] == ["may say: “Five hives”", "may say: “Bees.”"]


def test_log_says_whether_drafts_paid(run: Run, own: list[str], tmp_path: Path) -> None:
    speculation = {"drafted": 56, "accepted": 40, "speed_up": 0.885}
    record = {"verb": "ask", "query": "okapi", "passages": [], "speculation": speculation}
    append_record(tmp_path / "l" / "log" / "log.jsonl", record)
    shown = run("log", *own).stdout
    assert shown.splitlines()[1].strip() == (
        "40 of 56 drafted tokens were right: 0.89 times as fast"
    )
    append_record(tmp_path / "l" / "log" / "log.jsonl", {**record, "speculation": {"drafted": 0}})
    assert len(run("log", *own).stdout.splitlines()) == 3
