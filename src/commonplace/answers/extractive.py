"""The extractive reader: picks units of evidence out of passages, word for word.

It cannot make things up. A cross-encoder scores (question, unit) for every unit of the passages
that were retrieved: a sentence, a row below its column names, an item or a whole list below its
introduction, a line of code (`evidence/`). It wears an adapter that was trained for it
(docs/answers.md): 0 is the score of "it is not here", so a unit above 0 is likelier an answer than
none at all. Further units join the answer where they score nearly as well, and where the question
asks for several things.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from commonplace.answers.context import reading_order
from commonplace.answers.evidence.surroundings import is_short_list, overlap, with_surroundings
from commonplace.answers.evidence.units import Unit, units
from commonplace.answers.parts import Side, compared_sides
from commonplace.answers.wording import asks_several
from commonplace.corpus import Passage, analyse

READER_ADAPTER: Final = Path(__file__).with_name("reader.safetensors")  # for scoring units
NOT_HERE: Final = 0.0  # the score of "it is not here", by training
LIKELY: Final = 1.0  # the score of a further unit: of those above it one in five belongs
# Logits that a unit loses with each place of its passage among the retrieved; .15 to .4 are alike,
# and as good as to have the network score whole passages, too, which takes half as long again.
RANK_COST: Final = 0.3
STRUCK_COST: Final = 4.0  # logits that a unit loses that its note crossed out
_LIST_FOR_ITEM: Final = 2.0  # logits that a list may score below its item; 1 to 5 are alike
_SIDE_NAMED: Final = 2.0  # logits for naming the side of a comparison; 1 to 3 are alike
_NEAREST: Final = 40  # candidates of which the closest quotes are taken


class CrossEncoder(Protocol):
    """Scores how well a text answers a question (a logit; higher is better)."""

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One score for each (question, text) pair, float32 [pairs]."""
        ...


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A unit with its score in logits, against 0 for "not here".

    `rank` is the place of its passage among the retrieved, from 0.
    """

    unit: Unit
    score: float
    rank: int

    @property
    def rank_score(self) -> float:
        """What units of several passages are ordered by."""
        return self.score - RANK_COST * self.rank


@dataclass(frozen=True, slots=True)
class Extract:
    """What was read for a question.

    Attributes:
        evidence: the units that answer best, in reading order.
        candidates: every unit that was scored, the best first.
        passages: those that were read, the one with the best unit first.
    """

    evidence: tuple[ScoredUnit, ...] = ()
    candidates: tuple[ScoredUnit, ...] = ()
    passages: tuple[Passage, ...] = ()

    @property
    def best(self) -> ScoredUnit | None:
        """The unit that answers best; None where nothing was read."""
        return self.candidates[0] if self.candidates else None

    @property
    def second(self) -> ScoredUnit | None:
        """The best unit elsewhere: one that does not overlap the best."""
        others = (
            each for each in self.candidates if not overlap(each.unit, self.candidates[0].unit)
        )
        return next(others, None)

    def closest(self, count: int) -> tuple[Unit, ...]:
        """Where it comes closest, best first: units with what surrounds them, all apart."""
        lists = [each.unit for each in self.candidates if is_short_list(each.unit)]
        nearest = self.candidates[:_NEAREST]
        return tuple(_apart([with_surroundings(each.unit, lists) for each in nearest])[:count])


@dataclass(frozen=True, slots=True)
class ExtractiveSettings:
    """How much is read, and how much is quoted."""

    passages: int = 12  # ranked passages whose units are scored
    read_whole: int = 5  # the first of them; of the others only what shares a word is scored
    units: int = 3  # most units of an answer
    nearly: float = 1.5  # logits below the best at which a further unit is still quoted
    several: float = 3.0  # the same where the question asks for several things
    units_of_several: int = 6  # most units of such an answer


class ExtractiveReader:
    """Chooses and orders units of the passages."""

    def __init__(
        self, cross_encoder: CrossEncoder, settings: ExtractiveSettings | None = None
    ) -> None:
        self._cross_encoder = cross_encoder
        self.settings = settings or ExtractiveSettings()

    def read(self, question: str, ranked: Sequence[Passage]) -> Extract:
        """Read `ranked` passages (best first).

        Args:
            question: as asked.
            ranked: what was retrieved; the first `settings.passages` are read.
        """
        passages = ranked[: self.settings.passages]
        candidates = self._candidates(question, passages)
        best = dict.fromkeys([each.unit.passage.id for each in candidates])
        order = {name: place for place, name in enumerate(best)}
        return Extract(
            evidence=self._evidence(question, candidates),
            candidates=tuple(candidates),
            passages=tuple(sorted(passages, key=lambda p: order.get(p.id, len(order)))),
        )

    def _candidates(self, question: str, passages: Sequence[Passage]) -> list[ScoredUnit]:
        """Every unit of the passages with its score, the best first."""
        terms = set(analyse(question))
        pool = [
            (unit, rank)
            for rank, passage in enumerate(passages)
            for unit in units(passage)
            if rank < self.settings.read_whole or not terms.isdisjoint(analyse(unit.read))
        ]
        scores = self._cross_encoder.score([(question, unit.read) for unit, _ in pool]).tolist()
        scored = [
            ScoredUnit(unit, score - STRUCK_COST * unit.is_struck_out, rank)
            for (unit, rank), score in zip(pool, scores, strict=True)
        ]
        return sorted(scored, key=lambda each: -each.rank_score)

    def _evidence(self, question: str, candidates: Sequence[ScoredUnit]) -> tuple[ScoredUnit, ...]:
        """The best unit, and those nearly as good, in reading order.

        None that is less likely to answer than that nothing does, unless several are asked for.
        """
        if not candidates:
            return ()
        of_sides = self._of_sides(compared_sides(question), candidates[:_NEAREST])
        if len(of_sides) > 1:
            return of_sides
        several, settings = asks_several(question), self.settings
        best, *others = candidates
        limit = best.rank_score - (settings.several if several else settings.nearly)
        near = [e for e in others if e.rank_score >= limit and (several or e.score > LIKELY)]
        ranked = _whole_list_first(best, near) if several else [best, *near]
        by_unit = {each.unit: each for each in ranked}
        most = settings.units_of_several if several else settings.units
        return _in_order([by_unit[unit] for unit in _apart(list(by_unit))[:most]])

    def _of_sides(
        self, sides: Sequence[Side], candidates: Sequence[ScoredUnit]
    ) -> tuple[ScoredUnit, ...]:
        """The best unit for each side of a comparison, those that are apart.

        A unit is judged by the question as asked, by that of its side, and by naming the side.
        """
        named = [set(analyse(each.unit.read)) for each in candidates]
        chosen: list[ScoredUnit] = []
        for side in sides:
            asked = self._cross_encoder.score([(side.question, e.unit.read) for e in candidates])
            scores = [
                each.score + alone + _SIDE_NAMED * (not side.terms.isdisjoint(terms))
                for each, alone, terms in zip(candidates, asked, named, strict=True)
            ]
            ranked = [candidates[place] for place in np.argsort(-np.array(scores), kind="stable")]
            apart = (e for e in ranked if not any(overlap(e.unit, c.unit) for c in chosen))
            chosen += islice(apart, 1)
        return _in_order(chosen)


def _whole_list_first(best: ScoredUnit, near: Sequence[ScoredUnit]) -> list[ScoredUnit]:
    """The list that the best unit is an item of, where that scores about as well, then the rest."""
    whole = [
        each
        for each in near
        if each.unit.form == "list"
        and each.rank_score >= best.rank_score - _LIST_FOR_ITEM
        and overlap(each.unit, best.unit)
    ]
    return [*whole[:1], best, *near]


def _apart(ranked: Sequence[Unit]) -> list[Unit]:
    """The units less those that overlap a better one, or have the same words."""
    apart: list[Unit] = []
    words = set[tuple[str, ...]]()
    for unit in ranked:
        own = tuple(analyse(unit.text))
        if own not in words and not any(overlap(unit, other) for other in apart):
            apart.append(unit)
            words.add(own)
    return apart


def _in_order(evidence: Sequence[ScoredUnit]) -> tuple[ScoredUnit, ...]:
    """Items by their best unit, and within an item as it is written."""
    order = reading_order([each.unit.passage for each in evidence])
    ranks = {passage.id: rank for rank, passage in enumerate(order)}
    return tuple(sorted(evidence, key=lambda e: (ranks[e.unit.passage.id], e.unit.start)))
