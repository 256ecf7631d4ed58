"""The library as its user knows it: add, search, ask, show, status, reading, remove.

This class joins the floors and holds no logic of its own: the store keeps, `retrieval` ranks,
`answers` answers. Weights are opened when they are first needed, and torch never.

    from commonplace import Library
    library = Library.open("~/my-library")
    library.add("~/notes")
    for sentence in library.ask("Why does LoRA use two matrices?").sentences: ...
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.foundation import (
    InputError,
    Progress,
    Stopwatch,
    append_record,
    read_records,
    silent,
)
from commonplace.library import (
    AddReport,
    FileReport,
    Filter,
    Limits,
    Locator,
    PageLocator,
    Passage,
    Reading,
    Snapshot,
    Source,
    Status,
    Store,
    absolute,
    add_files,
    by_id,
    draw_page,
    encode_missing,
    find_items,
    find_source,
    known_entry,
    mark_read,
    narrow,
    raw_paths,
    read_status,
    reading_list,
    remove,
    shown_path,
    surroundings,
    vector_table,
)
from commonplace.retrieval import Hit, Profile, View, open_view, search

if TYPE_CHECKING:
    from commonplace.answers import (
        Answer,
        Citation,
        ExtractiveReader,
        GenerativeReader,
        Refusal,
    )
    from commonplace.models import CrossEncoder, TextEncoder

_CONTEXT = 10  # passages that a question is answered from
_AROUND = 600  # characters shown on each side of a citation


@dataclass(frozen=True, slots=True)
class Shown:
    """A citation in its place: words with the text around them, or a drawn page.

    `changed` says in one sentence what happened to the file since it was read ("" if nothing);
    then `before` and `after` are empty, and the words are those that the library holds.
    """

    passage: Passage
    locator: Locator
    before: str
    words: str
    after: str
    picture: Path | None
    changed: str


class Library:
    """One library in one folder; may be used from several threads and processes at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writers: dict[str, GenerativeReader] = {}

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None) -> "Library":
        """Open the library in this folder, or start a new one there.

        None means $COMMONPLACE_LIBRARY, or else the one library that each user has.

        Raises:
            LibraryError: the folder holds something else, is damaged, or is of a newer version.
        """
        return cls(Store(Path(os.path.expanduser(folder)) if folder else default_folder()))

    @property
    def folder(self) -> Path:
        """Where the library stands."""
        return self._store.folder

    # ---------------------------------------------------------------- what it holds

    def add(
        self,
        *paths: str | bytes | os.PathLike[str],
        vectors: bool = True,
        limits: Limits | None = None,
        progress: Progress = silent,
        on_file: Callable[[FileReport], None] = lambda _: None,
    ) -> AddReport:
        """Add files and folders; a second time only what changed. See `add_files`.

        With `vectors=False` they can be found by their words only, until the next `add`.

        Raises:
            InputError: a path does not exist.
            LibraryError: the disk refuses, say; what was reported to `on_file` is kept.
            WeightsError: the encoder's weights cannot be had; the text is searchable all the same.
        """
        if not paths:
            raise InputError("nothing to add; name a file or a folder")
        report = add_files(self._store, paths, limits or Limits(), progress, on_file)
        if not vectors:
            return report
        watch = Stopwatch()
        with watch.stage("encode"):
            made = encode_missing(
                self._store, self._encoder_sha256, lambda: self._encoder, progress
            )
        return replace(report, vectors=made, seconds={**report.seconds, **watch.seconds})

    def remove(self, *paths: str | bytes | os.PathLike[str]) -> list[str]:
        """Make files, or all under a folder, gone from every table, index, old version and cache.

        Raises:
            InputError: the library knows nothing at a path.
        """
        with self._store.reading() as snapshot:
            items = [item for path in paths for item in find_items(snapshot, absolute(path))]
        remove(self._store, [item.id for item in items])
        return sorted({item.path for item in items})

    def status(self, *paths: str) -> Status:
        """What became of every file at or under these paths (none: of all)."""
        with self._store.reading() as snapshot:
            return read_status(snapshot, paths)

    def reading(self, *mentioned_in: str) -> list[Reading]:
        """The links that the library mentions, each once, the most mentioned first."""
        with self._store.reading() as snapshot:
            return reading_list(snapshot, [shown_path(absolute(path)) for path in mentioned_in])

    def mark_read(self, url: str, read: bool = True) -> str:
        """Mark an entry of the reading list as read or unread; returns its canonical URL.

        Raises:
            InputError: no item mentions it.
        """
        with self._store.reading() as snapshot:
            canonical = known_entry(snapshot, url)
        mark_read(self._store, canonical, read)
        return canonical

    # ---------------------------------------------------------------- search

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        profile: Profile = "fast",
        filter: Filter | None = None,
        explain: bool = False,
    ) -> list[Hit]:
        """The best passages for a query, best first.

        Raises:
            InputError: the query is empty, or `filter.as_of` is before the library began.
            WeightsError: the encoder's weights cannot be had (profile "bm25" needs none).
        """
        if not query.strip():
            raise InputError("the query is empty; say what to search for")
        watch = Stopwatch()
        with self._store.reading() as snapshot:
            with watch.stage("open"):
                view = self._view(snapshot, filter or Filter())
            hits = self._search(view, query, profile, limit, explain, watch)
        used = [hit.passage.id for hit in hits]
        self._log("search", query, filter, used, profile=profile, timings=watch.seconds)
        return hits

    def _view(self, snapshot: Snapshot, filter: Filter) -> View:
        if filter.as_of and (snapshot.beginning is None or filter.as_of < snapshot.beginning):
            began = snapshot.beginning
            raise InputError(
                f"the library held nothing on {filter.as_of:%Y-%m-%d %H:%M} UTC"
                + (f"; its first file was added on {began:%Y-%m-%d %H:%M} UTC" if began else "")
                + "; to choose by when things were written, use --since and --until"
            )
        shown = tuple(shown_path(absolute(path)) for path in filter.paths)
        chosen = replace(filter, paths=shown)
        return open_view(
            snapshot, chosen, vector_table(self._encoder_sha256), self.folder / "cache"
        )

    def _search(
        self, view: View, query: str, profile: Profile, limit: int, explain: bool, watch: Stopwatch
    ) -> list[Hit]:
        with watch.stage("load"):
            encoder = self._encoder if profile != "bm25" and view.has_vectors else None
            reranker = self._cross_encoder if profile == "best" else None
        return search(view, query, profile, limit, encoder, reranker, explain=explain, watch=watch)

    # ---------------------------------------------------------------- answers

    def ask(
        self,
        question: str,
        *,
        filter: Filter | None = None,
        model: str | None = None,
        threshold: float | None = None,
    ) -> "Answer | Refusal":
        """An answer whose every sentence is cited, or a refusal.

        Args:
            question: in full words; a question is read better than keywords.
            filter: what it may be answered from.
            model: a language model that writes the answer: a GGUF file, "smollm2", or an
                OpenAI-compatible endpoint "http://host:port/v1#name"; None: the extractive reader.
            threshold: the confidence below which it is refused, 0 to 1; None: the calibrated one.

        Raises:
            InputError: the question is empty, or `filter.as_of` is before the library began.
            WeightsError: weights that are needed cannot be had.
        """
        if not question.strip():
            raise InputError("the question is empty; say what to ask")
        from commonplace.answers import THRESHOLD, Context, Readers, answer

        watch, asked_at = Stopwatch(), datetime.now(UTC)
        with self._store.reading() as snapshot:
            with watch.stage("open"):
                view = self._view(snapshot, filter or Filter())
            hits = self._search(view, question, "best", _CONTEXT, True, watch)
            context = Context(
                [hit.passage for hit in hits],
                [hit.explanation.reranked for hit in hits if hit.explanation]  # type: ignore[misc]
                or None,
                filter.as_of if filter and filter.as_of else asked_at,
            )
            found = answer(
                question,
                context,
                Readers(
                    self._extractive, self._encoder, self._generative(model) if model else None
                ),
                self._cite,
                threshold=THRESHOLD if threshold is None else threshold,
                watch=watch,
            )
        self._log_answer(found, filter)
        return found

    def _cite(self, passage: Passage, start: int, end: int) -> "Citation":
        from commonplace.answers import Citation

        source = self.source(passage)
        return Citation(passage, start, end, narrow(passage, start, end, source), source.changed)

    @cached_property
    def _extractive(self) -> "ExtractiveReader":
        from commonplace.answers import ExtractiveReader

        return ExtractiveReader(self._cross_encoder)

    def _generative(self, model: str) -> "GenerativeReader":
        from commonplace.answers import GenerativeReader
        from commonplace.models import open_language_model

        if model not in self._writers:
            self._writers[model] = GenerativeReader(open_language_model(model))
        return self._writers[model]

    def _log_answer(self, found: "Answer | Refusal", filter: Filter | None) -> None:
        sentences = getattr(found, "sentences", ())
        citations = [citation for sentence in sentences for citation in sentence.citations]
        self._log(
            "ask",
            found.question,
            filter,
            [f"{c.passage.id}:{c.start}-{c.end}" for c in citations],
            answered=bool(sentences),
            confidence=round(found.confidence, 4),
            reader=found.reader,
            timings=found.timings,
        )

    # ---------------------------------------------------------------- citations

    def find(self, citation: str) -> tuple[Passage, int, int]:
        """The passage and the characters of it that a citation names: "id" or "id:start-end".

        Raises:
            InputError: no passage, or more than one, has an id that starts so.
        """
        prefix, _, span = citation.partition(":")
        with self._store.reading() as snapshot:
            found = snapshot.find(prefix.lower()) if len(prefix) >= 4 else []
        if len(found) != 1:
            how_many = "several passages have" if found else "no passage has"
            raise InputError(
                f"{how_many} the id {prefix!r}; `search` and `ask` print the ids, and 1, 2, ... "
                "name the citations of the last answer"
            )
        start, _, end = span.partition("-")
        length = len(found[0].text)
        if not span:
            return found[0], 0, length
        if not (start.isdigit() and end.isdigit() and int(start) < int(end) <= length):
            raise InputError(f"{span!r} is not a stretch of this passage of {length} characters")
        return found[0], int(start), int(end)

    def show(self, citation: str) -> Shown:
        """A citation in its place; see `find` for its form. A PDF page is drawn into the cache."""
        passage, start, end = self.find(citation)
        source = self.source(passage)
        locator = narrow(passage, start, end, source)
        held = Shown(passage, locator, "", passage.text[start:end], "", None, source.changed)
        if source.changed:
            return held
        if isinstance(locator, PageLocator):
            picture = self.folder / "cache" / f"page-{passage.id}-{start}-{end}.png"
            return replace(held, picture=draw_page(locator, source, picture))
        around = surroundings(passage, locator, source, _AROUND)
        return replace(held, before=around.before, words=around.words, after=around.after)

    def source(self, passage: Passage) -> Source:
        """The file behind a passage, and whether it still holds what was read."""
        with self._store.reading() as snapshot:
            item = by_id(snapshot.items).get(passage.item_id)
            path = raw_paths(snapshot).get(passage.item_id)
        source = find_source(item, path, Limits())
        if passage.valid_to is not None and not source.changed:
            return replace(source, changed=f"superseded on {passage.valid_to:%Y-%m-%d}")
        return source

    # ---------------------------------------------------------------- weights and log

    @cached_property
    def _encoder(self) -> "TextEncoder":
        from commonplace.models import open_encoder

        return open_encoder()

    @cached_property
    def _encoder_sha256(self) -> str:
        from commonplace.models import find_model

        return find_model("bge-small-en-v1.5").sha256

    @cached_property
    def _cross_encoder(self) -> "CrossEncoder":
        from commonplace.models import open_cross_encoder

        return open_cross_encoder()

    def log(self, limit: int = 20) -> list[dict[str, Any]]:
        """The last questions and searches, newest first, as they were written to the log."""
        return read_records(self._log_file, limit)

    @property
    def _log_file(self) -> Path:
        return self.folder / "log" / "log.jsonl"

    def _log(
        self,
        verb: str,
        query: str,
        filter: Filter | None,
        passages: Sequence[str],
        **more: Any,
    ) -> None:
        """One record: what was asked, which passages were used, how long each stage took."""
        chosen = {key: value for key, value in asdict(filter or Filter()).items() if value}
        record = {"at": datetime.now(UTC).isoformat(), "verb": verb, "query": query}
        append_record(
            self._log_file, {**record, "filter": chosen, "passages": list(passages), **more}
        )


def default_folder() -> Path:
    """$COMMONPLACE_LIBRARY, or the user's own data folder."""
    if chosen := os.environ.get("COMMONPLACE_LIBRARY"):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("commonplace", appauthor=False)) / "library"
