"""The library as its user knows it: add, search, ask, show, status, reading, remove.

This class joins the floors and holds no logic of its own. Weights are opened when they are first
needed, and torch never. A search does not load `_answering`, with all that only answers need.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace import corpus
from commonplace.corpus import Filter, Passage, Store
from commonplace.foundation import Progress, Stopwatch, silent
from commonplace.library._feedback import Learned
from commonplace.library._log import QuestionLog
from commonplace.library._models import OpenModels
from commonplace.library._ranking import Ranker, check_search, mark_changed, mark_superseded
from commonplace.library._scope import folder_of
from commonplace.library._selection import Selected, select
from commonplace.retrieval import Hit, Profile, parse_query

if TYPE_CHECKING:
    from commonplace.answers import Comparison, Reply, Step
    from commonplace.library._answering import Question


class Library:
    """One library in one folder; may be used from several threads and processes at once."""

    def __init__(self, store: Store, announce: Callable[[str], None]) -> None:
        self._store = store
        self._models = OpenModels(announce)
        self._learned = Learned(store)
        self._ranker = Ranker(store.folder / "cache", self._models, self._learned)
        self._log = QuestionLog(store.folder)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        accelerate: bool = False,
        announce: Callable[[str], None] = lambda _: None,
    ) -> "Library":
        """Open the library in this folder, or with `create` start a new one there.

        No folder means $COMMONPLACE_LIBRARY, or else the one library that each user has. `announce`
        is told in a few words when weights are fetched, which takes a while.

        Raises:
            InputError: there is none to open; or numba is missing, which `accelerate` needs.
            LibraryError: the folder holds something else, is damaged, or is of a newer version.
        """
        library = cls(Store(folder_of(folder, create)), announce)
        if accelerate:
            library.accelerate()
        return library

    @property
    def folder(self) -> Path:
        """Where the library stands."""
        return self._store.folder

    @property
    def runs(self) -> Path:
        """The folder with the records of what was trained on this library."""
        return self.folder / "log" / "runs"

    def accelerate(self) -> None:
        """Hold what is searched in memory, for many searches in one process: same results, sooner.

        Costs seconds and some hundred megabytes at 300,000 passages; follows every change.

        Raises:
            InputError: numba is not installed.
        """
        with self._store.snapshot() as snapshot:
            self._ranker.accelerate(snapshot)

    def prepare(self) -> None:
        """Open the weights that search and answers need, so that the first question is not slow.

        Raises:
            WeightsError: weights that are needed cannot be had.
        """
        self._models.open_all()

    def add(
        self,
        *paths: str | bytes | os.PathLike[str],
        vectors: bool = True,
        limits: corpus.Limits | None = None,
        progress: Progress = silent,
        on_file: Callable[[corpus.FileReport], None] = lambda _: None,
    ) -> corpus.AddReport:
        """Add files and folders; a second time only what changed. See `add_files`.

        With `vectors=False` they can be found by their words only, until the next `add`.

        Raises:
            InputError: a path does not exist.
            LibraryError: the disk refuses, say; what was reported to `on_file` is kept.
            WeightsError: the encoder's weights cannot be had; the text is searchable all the same.
        """
        report = corpus.add_files(self._store, paths, limits or corpus.Limits(), progress, on_file)
        return self._models.encode_new(self._store, report, progress) if vectors else report

    def remove(self, *paths: str | bytes | os.PathLike[str]) -> list[str]:
        """Make files, or all under a folder, gone from every table, index, old version and cache.

        Raises:
            InputError: the library knows nothing at a path.
        """
        removed = corpus.remove_paths(self._store, paths)
        self._ranker.forget()  # what the accelerator holds in memory must be gone as well
        return removed

    def status(self, *paths: str) -> corpus.Status:
        """What became of every file at or under these paths (none: of all)."""
        with self._store.snapshot() as snapshot:
            return corpus.read_status(snapshot, paths)

    def contents(self) -> dict[str, str]:
        """The hash of what was last read of each item, by item id: what adapters are trained on."""
        with self._store.snapshot() as snapshot:
            return snapshot.content_hashes

    def holds(self, path: str) -> bool:
        """Whether it knows a file at this path, as `status` spells it, or below it."""
        with self._store.snapshot() as snapshot:
            return any(corpus.is_under(item.path, [path]) for item in snapshot.items)

    def select(self, *selection: str, limit: int = 50) -> list[Selected]:
        """The items at or under these paths, or of the best `limit` passages of a query, as texts.

        Raises:
            InputError: a path is not in the library, a query finds nothing, or there is no text.
            WeightsError: as `search`.
        """
        with self._store.snapshot() as snapshot:
            return select(snapshot, selection, lambda query: self.search(query, limit=limit))

    def reading(self, *mentioned_in: str) -> list[corpus.ReadingListEntry]:
        """The links that the library mentions, each once, the most mentioned first."""
        with self._store.snapshot() as snapshot:
            return corpus.reading_list(snapshot, mentioned_in)

    def mark_read(self, url: str, read: bool = True) -> str:
        """Mark an entry of the reading list as read or unread; returns its canonical URL.

        Raises:
            InputError: no item mentions it.
        """
        return corpus.mark_entry(self._store, url, read)

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

        "Words in quotation marks" must stand so, and a -word must not.

        Raises:
            InputError: the query is empty, or the library holds nothing at a path or moment of it.
            WeightsError: the encoder's weights cannot be had (profile "bm25" needs none).
        """
        check_search(query, profile, limit)
        watch, parsed = Stopwatch(), parse_query(query)
        with self._store.snapshot() as snapshot:
            with watch.stage("open"):
                view = self._ranker.view(snapshot, filter)
            hits = self._ranker.rank(
                view,
                parsed.text,
                profile,
                limit,
                explain=explain,
                watch=watch,
                accepts=None if parsed.is_plain else parsed.accepts,
            )
            hits = mark_changed(mark_superseded(parsed.text, hits, filter), snapshot)
        self._log.add_search(query, filter, hits, profile, watch.seconds)
        return hits

    def explain(
        self, query: str, citation: str, *, profile: Profile = "fast", filter: Filter | None = None
    ) -> tuple[Hit, int]:
        """Why a passage has its place for a query: the hit with its explanation, and its rank.

        Raises:
            InputError, WeightsError: as `search`; or the citation names none of the candidates.
        """
        with self._store.snapshot() as snapshot:
            passage, _, _ = corpus.find_cited(snapshot, citation)
            view = self._ranker.view(snapshot, filter)
            return self._ranker.explain(view, passage, query, profile)

    def ask(
        self,
        question: str,
        *,
        filter: Filter | None = None,
        model: str | None = None,
        threshold: float | None = None,
        strict: bool = False,
        wear: Sequence[str | os.PathLike[str]] = (),
        force_wear: bool = False,
    ) -> "Reply":
        """An answer, every sentence cited, or `Unsure`, or a `Refusal`; see `Question`.

        Raises:
            InputError: as `search`, or the model cannot wear an adapter.
            WeightsError: weights that are needed cannot be had.
        """
        from commonplace.library._answering import Question, last_step

        worn = tuple(os.fspath(adapter) for adapter in wear)
        request = Question(
            question, filter, model, threshold, strict=strict, wear=worn, force_wear=force_wear
        )
        return last_step(self.asking(request))

    def asking(self, question: "Question") -> "Iterator[Step]":
        """As `ask`, step by step; to close it stops a model that writes, and nothing is logged."""
        from commonplace.library._answering import answer_steps

        with self._store.snapshot() as snapshot:
            yield from answer_steps(question, snapshot, self._ranker, self._log)

    def compare(self, then: Mapping[str, Any], now: "Reply") -> "Comparison":
        """Whether an answer differs from an earlier one, a record of `log`, and why."""
        from commonplace.library._answering import compare_with_record

        with self._store.snapshot() as snapshot:
            return compare_with_record(snapshot, then, now)

    def log(self, limit: int = 20) -> list[dict[str, Any]]:
        """The last questions and searches, newest first, as they were written to the log."""
        return self._log.read(limit)

    def find(self, citation: str) -> tuple[Passage, int, int]:
        """The passage and the characters of it that a citation names: "id" or "id:start-end".

        Raises:
            InputError: no passage, or more than one, has an id that starts so.
        """
        with self._store.snapshot() as snapshot:
            return corpus.find_cited(snapshot, citation)

    def show(self, citation: str, around: int = 600) -> corpus.ShownCitation:
        """A citation (see `find`) in its place: a drawn page, or `around` characters on each side.

        Raises:
            InputError: it names nothing.
            UnreadableError: its file cannot be read now.
        """
        passage, start, end = self.find(citation)
        return corpus.show(passage, start, end, self.source(passage), self.folder / "cache", around)

    def source(self, passage: Passage) -> corpus.SourceFile:
        """The file behind a passage, and whether it still holds what was read."""
        with self._store.snapshot() as snapshot:
            items = snapshot.items_by_id([passage.item_id])
        return corpus.find_source(passage, items.get(passage.item_id))

    def give_feedback(
        self,
        query: str,
        citation: str,
        verdict: corpus.Verdict,
        *,
        rank: int | None = None,
        source: str = "",
    ) -> corpus.FeedbackRecord:
        """Say how a passage fitted a query, as a `FeedbackRecord`; the ranking learns from it.

        Raises:
            InputError: the citation names nothing, or a value cannot be.
        """
        passage, _, _ = self.find(citation)
        record = corpus.FeedbackRecord.on(passage, query, verdict, rank=rank, source=source)
        return corpus.record_feedback(self._store, record)

    def feedback(self) -> list[corpus.FeedbackRecord]:
        """All feedback that was given, the oldest first."""
        return corpus.read_feedback(self._store)

    def forget_feedback(self, *ids: str) -> list[corpus.FeedbackRecord]:
        """Take feedback back, as if it had not been given (no ids: all); returns what it was.

        Raises:
            InputError: an id names nothing, or more than one record.
        """
        return corpus.forget_feedback(self._store, ids)

    @property
    def learns_from_feedback(self) -> bool:
        """Whether feedback moves this library's ranking, and opening a citation counts as some."""
        return self._learned.on

    def learn_from_feedback(self, on: bool = True) -> None:
        """Switch learning from feedback on or off; what was given is kept."""
        self._learned.switch(on)
