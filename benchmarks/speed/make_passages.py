"""Makes hundreds of thousands of passages of real text, for the benchmarks of speed.

Needs folders of documentation, such as what Debian's packages carry:
`apt-get download linux-doc-6.1 python3.11-doc rust-doc perl-doc postgresql-doc-15`, and each of
them unpacked by `dpkg -x PACKAGE.deb FOLDER`. About 4 GB of pages make 300,000 passages.

    python -m benchmarks.speed.make_passages FOLDER... OUT.jsonl [--passages 300000] [--words 120]

Each file is read by the program's own readers, its text cut every 120 words, and what was there
already is left out. The files come in a fixed random order, so that a smaller number is a sample of
the larger. One line for each passage: {"title", "text"}. Nothing of it belongs in the repository.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.scaffold import argument_parser
from commonplace.corpus import Document, Limits
from commonplace.corpus.readers import read_document
from commonplace.foundation import UnreadableError

SUFFIXES = {".html", ".htm", ".xhtml", ".rst", ".md", ".txt"}
SHORTEST = 20  # words; what is left at the end of a file
MOST_OF_A_FILE = 60  # passages: one huge index page is not the collection


def files_in(folders: list[Path]) -> list[Path]:
    """All files that can be read, in an order that is random and always the same."""
    files = {
        str(path.relative_to(folder)): path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink()
    }
    return [files[name] for name in sorted(files, key=_shuffled)]


def _shuffled(name: str) -> bytes:
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=8).digest()


def pieces(document: Document, words: int) -> Iterator[str]:
    """The document's passages joined, and cut every so many words."""
    held = [word for draft in document.drafts for word in draft.text.split()]
    for start in range(0, min(len(held), words * MOST_OF_A_FILE), words):
        if len(held) - start >= SHORTEST:
            yield " ".join(held[start : start + words])


def passages(folders: list[Path], words: int) -> Iterator[dict[str, str]]:
    """Every passage once."""
    digests: set[bytes] = set()
    for path in files_in(folders):
        try:
            document = read_document(path, path.read_bytes(), Limits(), datetime.now(UTC))
        except (UnreadableError, OSError):
            continue
        for text in pieces(document, words):
            digest = hashlib.blake2b(text.encode(), digest_size=12).digest()
            if digest not in digests:
                digests.add(digest)
                yield {"title": document.title, "text": text}


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("out", type=Path, metavar="OUT.jsonl")
    parser.add_argument("--passages", type=int, default=300_000)
    parser.add_argument("--words", type=int, default=120)
    options = parser.parse_args()
    count = 0
    with open(options.out, "w", encoding="utf-8") as out:
        for row in passages(options.folders, options.words):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
            if count == options.passages:
                break
    print(f"{count:,} passages of {options.words} words in {options.out}")


if __name__ == "__main__":
    main()
