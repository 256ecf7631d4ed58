"""What an `add` of a folder leaves out by name, and that what is named is read all the same."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from commonplace import Library

HIDDEN = "a hidden file is not read; add it by name to include it"
SECRETS = "a file of this name holds keys or passwords, so it is not read; add it by name"
BACKUPS = "an editor's backup, lock or temporary file is not read; add it by name"


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def skipped(library: Library, *paths: Path) -> dict[str, str]:
    """The reason for each file that an add skips, by its name."""
    report = library.add(*paths, vectors=False)
    return {Path(f.path).name: f.reason for f in report.files if f.outcome == "skipped"}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".env", HIDDEN),
        (".netrc", HIDDEN),
        (".hidden.md", HIDDEN),
        ("id_rsa", SECRETS),
        ("id_ed25519_work", SECRETS),
        ("id_ecdsa.2019", SECRETS),
        ("server.pem", SECRETS),
        ("TLS.KEY", SECRETS),
        ("vault.kdbx", SECRETS),
        ("production.env", SECRETS),
        ("credentials", SECRETS),
        ("secrets.yaml", SECRETS),
        ("note.md~", BACKUPS),
        (".#note.md", BACKUPS),
        ("#note.md#", BACKUPS),
        ("~$report.docx", BACKUPS),
        (".~lock.report.odt#", BACKUPS),
        ("note.md.bak", BACKUPS),
        (".note.md.swp", BACKUPS),
    ],
)
def test_a_folder_is_added_without_it(
    library: Library, notes: Path, name: str, reason: str
) -> None:
    write(notes, {name: "The word is praseodymium.", "open.md": "The word is cerium."})
    assert skipped(library, notes) == {name: reason}
    assert not library.search("praseodymium", profile="bm25")


@pytest.mark.parametrize("name", [".plan.md", "id_rsa.md"])
def test_what_is_named_is_read(library: Library, notes: Path, name: str) -> None:
    write(notes, {name: "The word is praseodymium."})
    assert skipped(library, notes / name) == {}
    assert library.search("praseodymium", profile="bm25")


@pytest.mark.parametrize(
    "name", ["id_card.md", "key.md", "keys.txt", "environment.md", "secrets of rye.md", "tmp.md"]
)
def test_notes_of_like_names_are_read(library: Library, notes: Path, name: str) -> None:
    write(notes, {name: "The word is cerium."})
    assert skipped(library, notes) == {}


@pytest.mark.parametrize("head", ["OPENSSH PRIVATE", "RSA PRIVATE", "PRIVATE", "ENCRYPTED PRIVATE"])
def test_a_private_key_is_not_read_whatever_its_name(
    library: Library, notes: Path, head: str
) -> None:
    write(notes, {"backup.txt": f"-----BEGIN {head} KEY-----\nb3BlbnNzaC1rZXk\n"})
    assert skipped(library, notes) == {"backup.txt": "it is a private key; keys are not read"}
    assert skipped(library, notes / "backup.txt")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff-----BEGIN PRIVATE KEY-----\nabcdef\n-----END PRIVATE KEY-----\n",
        "Bag Attributes\n\n-----BEGIN PRIVATE KEY-----\n" + "b3Blbn" * 40 + "\n-----END X-----\n",
        "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nor_what_stands_around_it(library: Library, notes: Path, text: str, encoding: str) -> None:
    (notes / "backup.txt").write_bytes(text.encode(encoding))
    assert skipped(library, notes) == {"backup.txt": "it is a private key; keys are not read"}


def test_a_note_about_keys_is_read(library: Library, notes: Path) -> None:
    write(notes, {"keys.md": "A key begins with -----BEGIN PRIVATE KEY----- and " + "so on " * 30})
    assert skipped(library, notes) == {}


def test_what_was_named_once_stays_when_its_folder_is_added(library: Library, notes: Path) -> None:
    write(notes, {".plan.md": "The word is praseodymium."})
    assert skipped(library, notes / ".plan.md") == {}
    assert skipped(library, notes) == {}
    assert library.search("praseodymium", profile="bm25")


def test_a_folder_that_cannot_be_opened_for_a_while_keeps_its_files(
    library: Library, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(notes, {"deep/a.md": "The word is cerium."})
    assert skipped(library, notes) == {}
    listed = os.listdir

    def closed(folder: bytes) -> list[bytes]:
        if os.fsdecode(folder).endswith("deep"):
            raise OSError(5, "Input/output error")
        return listed(folder)

    monkeypatch.setattr("commonplace.corpus.ingest._walk.os.listdir", closed)
    assert "cannot be opened" in skipped(library, notes)["deep"]
    assert library.search("cerium", profile="bm25")


def test_a_broken_pattern_does_not_undo_the_others(library: Library, notes: Path) -> None:
    write(notes, {".gitignore": "\ufeffa.md\n!\n/\n[z-\nfoo\\\nb.md\n", "a.md": "x", "b.md": "x"})
    assert {"a.md", "b.md"} <= skipped(library, notes).keys()


def test_ignore_files_are_honoured_the_deeper_one_first(library: Library, notes: Path) -> None:
    write(
        notes,
        {
            ".gitignore": "*.log\nbuild/\n!keep.log\n/top.md\n",
            "a.log": "x", "keep.log": "x", "top.md": "x", "deep/top.md": "x",
            "build/report.md": "x",
            "deep/.commonplaceignore": "draft*\n!a.log\n",
            "deep/draft-1.md": "x", "deep/a.log": "x", "deep/note.md": "x",
        },
    )  # fmt: skip
    reasons = skipped(library, notes)
    above = f"{notes}/.gitignore leaves it out; add it by name to include it"
    deep = f"{notes}/deep/.commonplaceignore leaves it out; add it by name to include it"
    assert reasons.pop(".gitignore") == reasons.pop(".commonplaceignore") == HIDDEN
    assert reasons == {"a.log": above, "build": above, "top.md": above, "draft-1.md": deep}
    read = {
        Path(f.path).relative_to(notes).as_posix() for f in library.status().files if f.passages
    }
    assert read == {"keep.log", "deep/top.md", "deep/a.log", "deep/note.md"}


def test_a_folder_of_a_repository_obeys_what_stands_above_it(library: Library, notes: Path) -> None:
    write(notes, {".gitignore": "draft.md", ".git/info/exclude": "private/", "docs/draft.md": "x"})
    write(notes, {"docs/private/a.md": "x", "docs/note.md": "x"})
    assert set(skipped(library, notes / "docs")) == {"draft.md", "private"}


def test_an_ignored_folder_that_is_named_is_read(library: Library, notes: Path) -> None:
    write(notes, {".gitignore": "build/", ".git/HEAD": "x", "build/report.md": "x"})
    assert skipped(library, notes / "build") == {}


def test_what_is_ignored_later_is_dropped_with_the_reason(library: Library, notes: Path) -> None:
    write(notes, {"a.md": "The word is cerium."})
    assert skipped(library, notes) == {}
    write(notes, {".commonplaceignore": "a.md"})
    assert "leaves it out" in skipped(library, notes)["a.md"]
    assert not library.search("cerium", profile="bm25")


def test_so_is_what_stands_in_a_folder_that_is_ignored_later(library: Library, notes: Path) -> None:
    write(notes, {"old/a.md": "The word is cerium.", "b.md": "The word is terbium."})
    assert skipped(library, notes) == {}
    write(notes, {".gitignore": "old"})
    assert skipped(library, notes)["a.md"].startswith(f"{notes}/.gitignore leaves it out")
    assert not library.search("cerium", profile="bm25")
    assert skipped(library, notes).keys() == {".gitignore", "old"}
