"""The library as its user knows it: add, search, ask, show, status, reading, remove.

This class joins the floors and holds no logic of its own: the store keeps, `retrieval` ranks,
`answers` answers. Weights are opened when they are first needed, and torch never.

    from commonplace import Library
    library = Library.open("~/my-library")
    library.add("~/notes")
    for sentence in library.ask("Why does LoRA use two matrices?").sentences: ...
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from commonplace.corpus import (
    AddReport,
    FeedbackRecord,
    FileReport,
    Filter,
    Limits,
    Passage,
    Reading,
    Shown,
    Snapshot,
    Source,
    Status,
    Store,
    Verdict,
    absolute,
    add_files,
    by_id,
    encode_missing,
    find_cited,
    find_items,
    find_source,
    forget_feedback,
    is_under,
    known_entry,
    known_root,
    mark_read,
    narrow,
    raw_paths,
    read_feedback,
    read_status,
    reading_list,
    record_feedback,
    remove,
    show,
    shown_path,
    vector_table,
)
from commonplace.foundation import (
    InputError,
    Progress,
    Stopwatch,
    append_record,
    display_path,
    read_records,
    silent,
)
from commonplace.library._feedback import Learned
from commonplace.library._models import ENCODER_SHA256, Weights
from commonplace.library._records import assessment_record, speculation_record
from commonplace.library._scope import default_folder, refuse_before_beginning, resolved
from commonplace.library._selection import Selected, select
from commonplace.models import DEFAULT_LANGUAGE_MODEL
from commonplace.retrieval import Accelerator, Hit, Profile, View, open_view, search

if TYPE_CHECKING:
    from commonplace.answers import Answer, Citation, Comparison, Refusal, Step, Worn

_CONTEXT = 10  # passages that a question is answered from
_EXPLAINED = 200  # places that can be explained


class Library:
    """One library in one folder; may be used from several threads and processes at once."""

    def __init__(self, store: Store, announce: Callable[[str], None]) -> None:
        self._store = store
        self._weights = Weights(announce)
        self._learned = Learned(store)
        self._accelerator: Accelerator | None = None

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        accelerate: bool = False,
        announce: Callable[[str], None] = lambda _: None,
    ) -> "Library":
        """Open the library in this folder, or start a new one there.

        Args:
            folder: None means $COMMONPLACE_LIBRARY, or else the one library that each user has.
            create: whether to start one where there is none.
            accelerate: see `accelerate`.
            announce: told in a few words when weights are fetched, which takes a while.

        Raises:
            InputError: there is none, and none is to be started; or numba is missing.
            LibraryError: the folder holds something else, is damaged, or is of a newer version.
        """
        place = Path(os.path.expanduser(folder)) if folder else default_folder()
        if not create and not os.path.lexists(place / "format.json"):
            raise InputError(
                f"there is no library in {display_path(place)} yet; "
                "`commonplace add PATH` starts one, and --library names another folder"
            )
        library = cls(Store(place), announce)
        if accelerate:
            library.accelerate()
        return library

    @property
    def folder(self) -> Path:
        """Where the library stands."""
        return self._store.folder

    def accelerate(self) -> None:
        """Hold what is searched in memory, for many searches in one process: same results, sooner.

        Costs seconds and some hundred megabytes at 300,000 passages; follows every change.

        Raises:
            InputError: numba is not installed.
        """
        self._accelerator = self._accelerator or Accelerator()
        with self._store.reading() as snapshot:
            self._view(snapshot, Filter())

    def prepare(self) -> None:
        """Open the weights that search and answers need, so that the first question is not slow.

        Raises:
            WeightsError: weights that are needed cannot be had.
        """
        _ = self._weights.encoder, self._weights.reranker, self._weights.cross_encoder

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
                self._store, ENCODER_SHA256, lambda: self._weights.encoder, progress
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
        if self._accelerator is not None:
            self._accelerator.forget()
        return sorted({item.path for item in items})

    def status(self, *paths: str) -> Status:
        """What became of every file at or under these paths (none: of all)."""
        with self._store.reading() as snapshot:
            return read_status(snapshot, paths)

    def contents(self) -> dict[str, str]:
        """The hash of what was last read of each item, by item id: what adapters are trained on."""
        with self._store.reading() as snapshot:
            return {item.id: item.content_hash for item in snapshot.items}

    def holds(self, path: str) -> bool:
        """Whether it knows a file at this path, as `status` spells it, or below it."""
        with self._store.reading() as snapshot:
            return any(is_under(item.path, [path]) for item in snapshot.items)

    def select(self, *chosen: str, limit: int = 50) -> list[Selected]:
        """The items at or under these paths, or of the best `limit` passages of a query, as texts.

        Raises:
            InputError: a path is not in the library, a query finds nothing, or there is no text.
            WeightsError: as `search`.
        """
        with self._store.reading() as snapshot:
            return select(
                snapshot, chosen, lambda query: [h.passage for h in self.search(query, limit=limit)]
            )

    @property
    def runs(self) -> Path:
        """The folder with the records of what was trained on this library."""
        return self.folder / "log" / "runs"

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
            InputError: the query is empty, `filter.as_of` is before the library began, or it holds
                nothing at a path of the filter.
            WeightsError: the encoder's weights cannot be had (profile "bm25" needs none).
        """
        if not query.strip():
            raise InputError("the query is empty; say what to search for")
        if profile not in get_args(Profile):
            known = ", ".join(get_args(Profile))
            raise InputError(f"there is no profile {profile!r}; choose one of {known}")
        if limit < 1:
            raise InputError(f"{limit} is no number of passages; ask for 1 or more")
        watch = Stopwatch()
        with self._store.reading() as snapshot:
            with watch.stage("open"):
                view = self._view(snapshot, filter or Filter())
            hits = self._search(view, query, profile, limit, explain, watch)
        used = [hit.passage.id for hit in hits]
        self._log("search", query, filter, used, profile=profile, timings=watch.seconds)
        return hits

    def _view(self, snapshot: Snapshot, filter: Filter) -> View:
        chosen = resolved(filter)
        if chosen.as_of is not None:
            refuse_before_beginning(chosen.as_of, snapshot.beginning)
        roots = tuple(known_root(snapshot, absolute(path)) for path in filter.paths)
        chosen = replace(chosen, paths=roots)
        table, cache = vector_table(ENCODER_SHA256), self.folder / "cache"
        return open_view(snapshot, chosen, table, cache, self._accelerator)

    def _search(
        self, view: View, query: str, profile: Profile, limit: int, explain: bool, watch: Stopwatch
    ) -> list[Hit]:
        with watch.stage("load"):
            encoder = self._weights.encoder if profile != "bm25" and view.has_vectors else None
            reranker = self._weights.reranker if profile == "best" else None
            feedback = (
                self._learned.relevance_feedback(encoder) if self.learns_from_feedback else None
            )
        return search(
            view,
            query,
            profile,
            limit,
            encoder,
            reranker,
            explain=explain,
            watch=watch,
            feedback=feedback,
        )

    def explain(
        self,
        query: str,
        citation: str,
        *,
        profile: Profile = "fast",
        filter: Filter | None = None,
    ) -> tuple[Hit, int]:
        """Why a passage has its place for a query: the hit with its explanation, and its rank.

        Raises:
            InputError: as `search`; or the citation names nothing, or is none of the candidates.
            WeightsError: as `search`.
        """
        passage, _, _ = self.find(citation)
        with self._store.reading() as snapshot:
            view = self._view(snapshot, filter or Filter())
            found = self._search(view, query, profile, _EXPLAINED, False, Stopwatch())
            ranks = {hit.passage.id: rank for rank, hit in enumerate(found, 1)}
            rank = ranks.get(passage.id)
            if rank is None:
                raise InputError(
                    f"{passage.id} is not among the {len(found)} best passages of {profile} for "
                    "this query; there is no place to explain"
                )
            return self._search(view, query, profile, rank, True, Stopwatch())[-1], rank

    # ---------------------------------------------------------------- answers

    def ask(
        self,
        question: str,
        *,
        filter: Filter | None = None,
        model: str | None = None,
        threshold: float | None = None,
        wear: Sequence[str | os.PathLike[str]] = (),
        force_wear: bool = False,
    ) -> "Answer | Refusal":
        """An answer whose every sentence is cited, or a refusal.

        Args:
            question: in full words; a question is read better than keywords.
            filter: what it may be answered from.
            model: a language model that writes the answer: the path of a GGUF file, a name of the
                catalogue ("SmolLM2-135M-Instruct"), or an OpenAI-compatible endpoint
                "http://host:port/v1#name"; None: the extractive reader.
            threshold: the confidence below which it is refused, 0 to 1; None: the calibrated one.
            wear: adapters that the model wears while it writes: FILE, or FILE:STRENGTH; without a
                `model` it is SmolLM2-135M-Instruct.
            force_wear: wear what was trained on another model of the same names and sizes too.

        Raises:
            InputError: the question is empty, `filter.as_of` is before the library began, or the
                model cannot wear an adapter.
            WeightsError: weights that are needed cannot be had.
        """
        from commonplace.answers import Answer, Refusal

        *_, last = self.asking(
            question,
            filter=filter,
            model=model,
            threshold=threshold,
            wear=wear,
            force_wear=force_wear,
        )
        assert isinstance(last, (Answer, Refusal)), "the last step is the whole"
        return last

    def asking(
        self,
        question: str,
        *,
        filter: Filter | None = None,
        model: str | None = None,
        threshold: float | None = None,
        wear: Sequence[str | os.PathLike[str]] = (),
        force_wear: bool = False,
    ) -> "Iterator[Step]":
        """As `ask`, step by step: what was retrieved, each sentence once checked, last the whole.

        Close it to break off; a model stops writing then. What is broken off is not logged.
        """
        if not question.strip():
            raise InputError("the question is empty; say what to ask")
        from commonplace.answers import THRESHOLD, Context, Retrieved, Sentence, answering

        watch, asked_at = Stopwatch(), datetime.now(UTC)
        dressed = tuple(os.fspath(one) for one in wear)
        if dressed:
            model = model or DEFAULT_LANGUAGE_MODEL
        with self._store.reading() as snapshot:
            with watch.stage("open"):
                view = self._view(snapshot, filter or Filter())
                worn = self._worn(snapshot, model, dressed, force_wear)
            hits = self._search(view, question, "best", _CONTEXT, False, watch)
            passages = [hit.passage for hit in hits]
            yield Retrieved(len(passages), tuple(dict.fromkeys(p.path for p in passages)))
            as_of = filter.as_of if filter and filter.as_of else asked_at
            for step in answering(
                question,
                Context(passages, as_of),
                self._weights.readers(model, view.idf, dressed, force_wear),
                self._cite,
                threshold=THRESHOLD if threshold is None else threshold,
                watch=watch,
            ):
                if not isinstance(step, Sentence):
                    step = replace(step, worn=worn)
                    self._log_answer(step, filter)
                yield step

    def _worn(
        self, snapshot: Snapshot, model: str | None, wear: tuple[str, ...], force: bool
    ) -> "tuple[Worn, ...]":
        """What the model wears, and which of the items behind it have changed since."""
        from commonplace.answers import Worn

        if model is None or not wear:
            return ()
        now = {item.id: item.content_hash for item in snapshot.items}
        return tuple(
            Worn(
                one.path,
                one.strength,
                one.sha256,
                tuple(item for item, known in one.trained_on.items() if now.get(item) != known),
                one.unchecked,
            )
            for one in self._weights.worn(model, wear, force)
        )

    def _cite(self, passage: Passage, start: int, end: int) -> "Citation":
        from commonplace.answers import Citation

        source = self.source(passage)
        return Citation(passage, start, end, narrow(passage, start, end, source), source.changed)

    def _log_answer(self, found: "Answer | Refusal", filter: Filter | None) -> None:
        sentences = getattr(found, "sentences", ())
        citations = [citation for sentence in sentences for citation in sentence.citations]
        self._log(
            "ask",
            found.question,
            filter,
            list(dict.fromkeys(f"{c.passage.id}:{c.start}-{c.end}" for c in citations)),
            answered=bool(sentences),
            sentences=[sentence.text for sentence in sentences],
            confidence=round(found.confidence, 4),
            reader=found.reader,
            timings=found.timings,
            speculation=speculation_record(found.speculation),
            assessment=assessment_record(found.assessment),
            left_out=[asdict(sentence) for sentence in found.left_out],
            worn=[asdict(one) for one in found.worn],
        )

    # ---------------------------------------------------------------- citations

    def find(self, citation: str) -> tuple[Passage, int, int]:
        """The passage and the characters of it that a citation names: "id" or "id:start-end".

        Raises:
            InputError: no passage, or more than one, has an id that starts so.
        """
        with self._store.reading() as snapshot:
            return find_cited(snapshot, citation)

    def show(self, citation: str, around: int = 600) -> Shown:
        """A citation in its place; see `find` for its form. A PDF page is drawn into the cache.

        `around`: how many characters of a text are shown before and after.

        Raises:
            InputError: it names nothing.
            UnreadableError: its file cannot be read now.
        """
        passage, start, end = self.find(citation)
        return show(passage, start, end, self.source(passage), self.folder / "cache", around)

    def source(self, passage: Passage) -> Source:
        """The file behind a passage, and whether it still holds what was read."""
        with self._store.reading() as snapshot:
            item = by_id(snapshot.items).get(passage.item_id)
            path = raw_paths(snapshot).get(passage.item_id)
        source = find_source(item, path, Limits())
        if passage.valid_to is not None and not source.changed:
            return replace(source, changed=f"superseded on {passage.valid_to:%Y-%m-%d}")
        return source

    # ---------------------------------------------------------------- feedback

    def give_feedback(
        self,
        query: str,
        citation: str,
        verdict: Verdict,
        *,
        rank: int | None = None,
        source: str = "",
    ) -> FeedbackRecord:
        """Say how a passage fitted a query; this library's ranking learns from it.

        Args:
            query: as it was asked.
            citation: the passage; see `find` for its form.
            verdict: "up", "down", "opened" or "dismissed".
            rank: where it stood among what was shown, from 1.
            source: what it was shown by ("search", "ask", ...).

        Raises:
            InputError: the citation names nothing, or a value is none of the above.
        """
        passage, _, _ = self.find(citation)
        record = FeedbackRecord(
            query, passage.id, passage.item_id, passage.content_hash, verdict, rank, source
        )
        record_feedback(self._store, record)
        return record

    def feedback(self) -> list[FeedbackRecord]:
        """All feedback that was given, the oldest first."""
        return read_feedback(self._store)

    @property
    def learns_from_feedback(self) -> bool:
        """Whether feedback moves this library's ranking, and opening a citation counts as some."""
        return not self._unlearning.exists()

    def learn_from_feedback(self, on: bool = True) -> None:
        """Switch learning from feedback on or off; what was given is kept."""
        if on:
            self._unlearning.unlink(missing_ok=True)
        else:
            self._unlearning.touch()

    @property
    def _unlearning(self) -> Path:
        return self.folder / "learned" / "feedback.off"

    def forget_feedback(self, *ids: str) -> list[FeedbackRecord]:
        """Take feedback back, as if it had not been given (no ids: all); returns what it was.

        Raises:
            InputError: an id names nothing, or more than one record.
        """
        return forget_feedback(self._store, ids)

    # ---------------------------------------------------------------- log

    def log(self, limit: int = 20) -> list[dict[str, Any]]:
        """The last questions and searches, newest first, as they were written to the log."""
        return read_records(self._log_file, limit)

    def compare(self, then: Mapping[str, Any], now: "Answer | Refusal") -> "Comparison":
        """Whether an answer differs from an earlier one, a record of `log`, and why."""
        from commonplace.answers import compare

        cited = dict.fromkeys(str(name).partition(":")[0] for name in then.get("passages") or ())
        with self._store.reading() as snapshot:
            fates = {name: next(iter(snapshot.find(name)), None) for name in cited}
        return compare(then, now, fates)

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
