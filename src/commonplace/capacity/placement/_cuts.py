"""The metric inequalities of the backbone: what a solution violates under any failure.

`separate` asks for the flows of a solution under every failure and returns the inequalities that it
violates (Benders). Each holds for every placement and every order, so a cut is kept once it is
known.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonplace.capacity.network.flow import TOLERANCE, distances
from commonplace.capacity.network.resilience import Resilience
from commonplace.capacity.placement._backbone import Backbone
from commonplace.foundation.arrays import Bools, Float64s, Int64s

_MARGIN = 1.0 + 4 * TOLERANCE  # of what a metric asks: the next check is not to fail by rounding
Cut = tuple[Int64s, Float64s, float, float]  # columns, coefficients, lower and upper side


@dataclass(frozen=True, eq=False)
class Violations:
    """The cuts that a solution violates and that were not known, and the months it breaks."""

    cuts: list[Cut]
    months: Bools


class FailureCuts:
    """A question to all failures for every solution; it remembers its answers."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone
        self._resilience = Resilience(backbone.net)
        self._issued: set[tuple[int, int, bytes]] = set()
        self._held = np.ones(backbone.plan.horizon, bool)

    def give_up(self, months: Bools) -> None:
        """Holds these months no longer, because what is decided breaks them already."""
        self._held[months] = False

    def separate(self, values: Float64s) -> Violations:
        """The cuts that these values violate in the months that are held."""
        if not self.backbone.may_carry:
            return Violations([], np.zeros(len(self._held), bool))
        net, demand = self.backbone.net, np.maximum(self.backbone.demand(values), 0.0)
        # What is left of a choice by the solver's rounding is no flow, and is to teach no cut.
        demand = np.where(demand > 1e-7 * demand.max(initial=0.0), demand, 0.0)
        self._resilience = Resilience(replace(net, demand=demand), self._resilience)
        factors = self._resilience.factors(self.backbone.capacity(values), 1.0)
        broken = (factors.bound < 1 - TOLERANCE) & self._held
        cuts = [
            self._cut(metric_lengths, int(failure), int(month))
            for failure, month in np.argwhere(broken)
            for metric_lengths in [self._resilience.metrics[factors.metric[failure, month]].lengths]
        ]
        months = np.asarray(broken.any(0))
        return Violations([cut for cut in cuts if cut is not None], months)

    def _cut(self, lengths: Float64s, failure: int, month: int) -> Cut | None:
        """A metric as lengths . capacity >= distance . demand; None: issued before, or of no link.

        Where no link leads, nothing that is placed or ordered mends it.
        """
        if not lengths.any():
            return None
        lengths = lengths / lengths.max()
        key = (failure, month, np.round(lengths, 9).tobytes())  # the same but for rounding: known
        if key in self._issued:
            return None
        self._issued.add(key)
        columns, values, needed = self._inequality(lengths, failure, month)
        size = float(np.abs(values).max(initial=0.0)) or 1.0  # as `add_row` scales the other rows
        return columns, values / size, needed * _MARGIN / size, np.inf

    def _inequality(
        self, lengths: Float64s, failure: int, month: int
    ) -> tuple[Int64s, Float64s, float]:
        """Columns, coefficients and the side that their sum reaches at least."""
        backbone, net = self.backbone, self.backbone.net
        apart = distances(net.graph, lengths)[net.pairs[:, 0], net.pairs[:, 1]]
        apart = np.where(np.isfinite(apart), apart, 0.0)
        needed = float(net.demand[month] @ apart)
        if self._resilience.hose:
            needed = self._hose_needed(lengths, month)
        weight = net.weights(lengths, net.failures[failure])
        columns, values = [], []
        for number, link in enumerate(backbone.plan.links):
            if gbps := weight.get(link.id, 0.0) * backbone.gbps[number]:
                needed -= gbps * float(backbone.in_stock[number, month])
                columns.append(int(backbone.units[number, month]))
                values.append(gbps)
        for source, part in backbone.parts.items():
            flows = backbone.sent[source].items()
            if sent := sum(float(gbps[month]) * apart[pair] for pair, gbps in flows):
                columns.append(int(part[month]))
                values.append(-sent)
        return np.array(columns, np.int64), np.array(values), needed

    def _hose_needed(self, lengths: Float64s, month: int) -> float:
        """The side of a hose's metric: no placement changes it."""
        for metric in self._resilience.metrics:
            longest = float(metric.lengths.max())
            if longest > 0 and np.allclose(metric.lengths / longest, lengths):
                return float(metric.needed[month]) / longest
        raise AssertionError("the inequality of a hose is of no metric")
