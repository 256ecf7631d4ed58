"""How one open library ranks: its store through a filter, its models, and what was learned.

Notable: every search goes through `Ranker.view`, so that the checks of a filter, the place of the
cache and the accelerator are decided once for `search`, `explain` and `ask`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import get_args

from commonplace.corpus import (
    Filter,
    Passage,
    Snapshot,
    absolute,
    find_source,
    known_root,
    vector_table,
)
from commonplace.foundation import InputError, Stopwatch
from commonplace.library._feedback import Learned
from commonplace.library._models import ENCODER_SHA256, OpenModels
from commonplace.library._scope import in_utc, refuse_before_beginning
from commonplace.retrieval import Accelerator, Hit, Profile, View, open_view, parse_query, search

_COMPARED = 6  # first hits, of which older statements are marked
_EXPLAINED = 200  # places that can be explained


def check_search(query: str, profile: str, limit: int) -> None:
    """Refuse a search that cannot be made.

    Raises:
        InputError: the query is empty, there is no such profile, or the limit is below 1.
    """
    if not query.strip():
        raise InputError("the query is empty; say what to search for")
    if profile not in get_args(Profile):
        profiles = ", ".join(get_args(Profile))
        raise InputError(f"there is no profile {profile!r}; choose one of {profiles}")
    if not parse_query(query).text:
        raise InputError("the query only leaves words out; say what to search for, too")
    if limit < 1:
        raise InputError(f"{limit} is no number of passages; ask for 1 or more")


def mark_superseded(query: str, hits: Sequence[Hit], filter: Filter | None) -> list[Hit]:
    """The hits, the first of which say which other one of them supersedes them."""
    if len(hits) < 2:
        return list(hits)
    from commonplace.answers import superseded_passages

    as_of = filter.as_of if filter and filter.as_of else datetime.now(UTC)
    first = [hit.passage for hit in hits[:_COMPARED]]
    marked = list(hits)
    for place, (newer, stated) in superseded_passages(query, first, as_of.date()).items():
        name = PurePath(first[newer].path).name
        by = f"{name}, {stated}" if stated else name
        marked[place] = replace(hits[place], superseded_by=by)
    return marked


def mark_changed(hits: Sequence[Hit], snapshot: Snapshot) -> list[Hit]:
    """The hits, which say of their files what happened to them since they were read."""
    items = snapshot.items_by_id({hit.passage.item_id for hit in hits})
    sources = [find_source(hit.passage, items.get(hit.passage.item_id)) for hit in hits]
    return [replace(hit, changed=source.changed) for hit, source in zip(hits, sources, strict=True)]


@dataclass(slots=True)
class Ranker:
    """What the passages of one library are ranked with.

    Attributes:
        cache: the folder for what can be made again.
        models: opened when they are first needed.
        learned: what feedback taught; None: rank as if nothing was learned.
        accelerator: holds in memory what is searched; None: the store is asked each time.
    """

    cache: Path
    models: OpenModels
    learned: Learned | None
    accelerator: Accelerator | None = None

    def accelerate(self, snapshot: Snapshot) -> None:
        """Hold what is searched in memory, beginning with this snapshot."""
        self.accelerator = self.accelerator or Accelerator()
        self.view(snapshot)

    def forget(self) -> None:
        """Let go of what is held in memory: something was removed, which must be gone."""
        if self.accelerator is not None:
            self.accelerator.forget()

    def view(self, snapshot: Snapshot, filter: Filter | None = None) -> View:
        """The passages that a filter lets through (None: all).

        Raises:
            InputError: `filter.as_of` is before the library began, or nothing is at a path of it.
        """
        selection = in_utc(filter or Filter())
        if selection.as_of is not None:
            refuse_before_beginning(selection.as_of, snapshot.beginning)
        roots = tuple(known_root(snapshot, absolute(path)) for path in selection.paths)
        selection, vectors = replace(selection, paths=roots), vector_table(ENCODER_SHA256)
        return open_view(snapshot, selection, vectors, self.cache, self.accelerator)

    def rank(
        self,
        view: View,
        query: str,
        profile: Profile,
        limit: int,
        *,
        explain: bool = False,
        watch: Stopwatch | None = None,
        accepts: Callable[[Passage], bool] | None = None,
    ) -> list[Hit]:
        """The best passages of a view for a query, best first."""
        watch = watch or Stopwatch()
        with watch.stage("load"):
            # Weights are fetched and opened by the first search that needs them.
            encoder = self.models.encoder if profile != "bm25" and view.has_vectors else None
            reranker = self.models.reranker if profile == "best" else None
            feedback = self.learned.relevance_feedback(encoder) if self.learned else None
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
            accepts=accepts,
        )

    def explain(
        self, view: View, passage: Passage, query: str, profile: Profile
    ) -> tuple[Hit, int]:
        """The hit of this passage with its explanation, and its rank.

        Raises:
            InputError: it is none of the candidates.
        """
        parsed = parse_query(query)
        query, accepts = parsed.text, None if parsed.is_plain else parsed.accepts
        hits = self.rank(view, query, profile, _EXPLAINED, accepts=accepts)
        ranks = {hit.passage.id: rank for rank, hit in enumerate(hits, 1)}
        rank = ranks.get(passage.id)
        if rank is None:
            raise InputError(
                f"{passage.id} is not among the {len(hits)} best passages of {profile} for "
                "this query; there is no place to explain"
            )
        return self.rank(view, query, profile, rank, explain=True, accepts=accepts)[-1], rank
