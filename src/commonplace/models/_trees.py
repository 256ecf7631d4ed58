"""Boosted trees, read from a small JSON file: their sum, and each feature's exact share of it.

Notable: LightGBM (https://papers.nips.cc/paper/6907) trains, this evaluates, so that whoever asks a
question needs no trainer; both values equal LightGBM's own. A share is a Shapley value: the mean,
over all orders in which the features could become known, of what knowing one more changes, where
an unknown feature sends a row down both branches by the training rows that went each way (Lundberg
et al. 2020, "From local explanations to global understanding", Algorithm 2, path-dependent). Trees
here are small, so the sum over subsets of a path is taken as polynomials in a few lines of numpy
instead of by the paper's unwinding.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import WeightsError
from commonplace.foundation.arrays import Float64s

_DIGITS: Final = 9  # of a threshold and a leaf in the file: more than float32 holds


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf: its value, and the steps that lead there.

    A step is (feature, lower, upper, missing, share): it is taken when lower < x <= upper, or when
    x is NaN and `missing`; `share` is the part of the training rows at that split that took it.
    Steps on one feature are one step: their intervals intersected, their shares multiplied.
    """

    value: float
    steps: tuple[tuple[int, float, float, bool, float], ...]

    @property
    def reached(self) -> float:
        """The share of the training rows that end here."""
        return math.prod(step[4] for step in self.steps)


@dataclass(frozen=True)
class Trees:
    """A sum of regression trees.

    Attributes:
        features: the names of the columns, in order.
        header: what the file says of itself: source, licence, recipe.
    """

    features: tuple[str, ...]
    header: Mapping[str, Any]
    _leaves: tuple[_Leaf, ...]

    @classmethod
    def read(cls, path: Path) -> "Trees":
        """Read a file that was written from what `compact` returns.

        Raises:
            WeightsError: it is missing, or is no such file.
        """
        try:
            return cls.of(json.loads(path.read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise WeightsError(
                f"the trees {path.name} cannot be read ({error}); install commonplace anew"
            ) from error

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Trees":
        """The trees of a record that `compact` returned."""
        leaves = [leaf for tree in record["trees"] for leaf in _leaves(tree, {})]
        header = {name: value for name, value in record.items() if name != "trees"}
        return cls(tuple(record["features"]), header, tuple(leaves))

    @cached_property
    def _table(self) -> tuple[NDArray[Any], ...]:
        """All steps as columns, where each leaf's begin, and the leaves' values."""
        deep = [leaf for leaf in self._leaves if leaf.steps]  # reduceat cannot take an empty run
        steps = [step for leaf in deep for step in leaf.steps]
        counts = [0, *(len(leaf.steps) for leaf in deep)]
        return (
            np.array([step[0] for step in steps], np.int64),
            np.array([step[1] for step in steps], np.float64),
            np.array([step[2] for step in steps], np.float64),
            np.array([step[3] for step in steps], np.bool_),
            np.cumsum(counts)[:-1],
            np.array([leaf.value for leaf in deep], np.float64),
        )

    @cached_property
    def _constant(self) -> float:
        """The sum of trees that are one leaf."""
        return math.fsum(leaf.value for leaf in self._leaves if not leaf.steps)

    @property
    def expected(self) -> float:
        """The mean of the sum over the training rows: what `contributions` start from."""
        return math.fsum(leaf.value * leaf.reached for leaf in self._leaves)

    def predict(self, rows: NDArray[Any]) -> Float64s:
        """The sum of the trees for rows [n, features]: raw scores [n], in logits where trained so.

        NaN is a missing value, and goes the way that the trainer learned for it.
        """
        x, (feature, lower, upper, missing, starts, values) = self._check(rows), self._table
        if not len(starts):
            return np.full(len(x), self._constant)
        column = x[:, feature]
        takes = np.where(np.isnan(column), missing, (column > lower) & (column <= upper))
        reached = np.logical_and.reduceat(takes, starts, axis=1)
        total: Float64s = reached @ values + self._constant
        return total

    def contributions(self, rows: NDArray[Any]) -> Float64s:
        """Each feature's share of each row's sum, [n, features]; with `expected` they add up."""
        x = self._check(rows)
        shares = np.zeros((len(self.features), len(x)))
        for feature, lower, upper, missing, share, value in self._by_depth:
            column = x[:, feature]  # [n, leaves, steps]
            takes = np.where(np.isnan(column), missing, (column > lower) & (column <= upper))
            gained = _shapley(takes, share) * value[:, None]
            # Not +=, which adds once to a feature that stands in several leaves.
            np.add.at(shares, feature, np.moveaxis(gained, 0, -1))
        return shares.T

    @cached_property
    def _by_depth(self) -> list[tuple[NDArray[Any], ...]]:
        """The leaves of each number of steps together: their steps' columns, and their values."""
        tables = []
        for depth in sorted({len(leaf.steps) for leaf in self._leaves} - {0}):
            leaves = [leaf for leaf in self._leaves if len(leaf.steps) == depth]
            steps = zip(*(zip(*leaf.steps, strict=True) for leaf in leaves), strict=True)
            columns = [np.array(column) for column in steps]  # each [leaves, steps]
            tables.append((*columns, np.array([leaf.value for leaf in leaves])))
        return tables

    def _check(self, rows: NDArray[Any]) -> Float64s:
        x = np.asarray(rows, np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.features):
            raise ValueError(f"rows of {len(self.features)} features, not an array {x.shape}")
        return x


def _shapley(takes: NDArray[np.bool_], share: Float64s) -> Float64s:
    """The Shapley values of steps in the games that pay 1 where a leaf is reached.

    With d steps, and S the known ones among the others, the payoff without the step is its share
    times prod(S takes) prod(rest shares). Subsets of one size share one weight |S|! (d-1-|S|)! / d!
    so their sum is a coefficient of the polynomial prod(share_j + takes_j z).

    Args:
        takes: which rows take which step of which leaf [n, leaves, d].
        share: of each step [leaves, d].

    Returns:
        [n, leaves, d].
    """
    d = share.shape[1]
    weights = [math.factorial(s) * math.factorial(d - 1 - s) / math.factorial(d) for s in range(d)]
    gained = np.empty(takes.shape)
    for place in range(d):
        polynomial = np.ones((1, *takes.shape[:2]))  # by power of z
        for j in range(d):
            if j != place:
                with_step = polynomial * takes[..., j]
                polynomial = np.pad(polynomial * share[:, j], ((0, 1), (0, 0), (0, 0)))
                polynomial[1:] += with_step
        total = np.tensordot(weights, polynomial, 1)
        gained[..., place] = (takes[..., place] - share[:, place]) * total
    return gained


_Path = Mapping[int, tuple[float, float, bool, float]]  # by feature: interval, missing, share


def _leaves(node: Sequence[Any], path: _Path) -> list[_Leaf]:
    """The leaves below a node `[value]` or `[feature, threshold, missing left, share, l, r]`."""
    if len(node) == 1:
        return [_Leaf(float(node[0]), tuple((f, *step) for f, step in path.items()))]
    feature, threshold, missing_left, share, lower_node, upper_node = node
    lower, upper, missing, before = path.get(feature, (-math.inf, math.inf, True, 1.0))
    to_left = (lower, min(upper, threshold), missing and bool(missing_left), before * share)
    to_right = (max(lower, threshold), upper, missing and not missing_left, before * (1 - share))
    return [
        *_leaves(lower_node, {**path, feature: to_left}),
        *_leaves(upper_node, {**path, feature: to_right}),
    ]


def compact(model: Mapping[str, Any], **header: Any) -> dict[str, Any]:
    """The record that `Trees` reads, of what LightGBM's `Booster.dump_model()` gives.

    Args:
        model: numerical splits only.
        header: what the file is to say of itself.

    Raises:
        ValueError: a split is on a category.
    """
    trees = [_compact_node(tree["tree_structure"]) for tree in model["tree_info"]]
    return {**header, "features": list(model["feature_names"]), "trees": trees}


def _compact_node(node: Mapping[str, Any]) -> list[Any]:
    if "leaf_value" in node:
        return [_round(node["leaf_value"])]
    if node["decision_type"] != "<=":
        raise ValueError(f"a split by {node['decision_type']}, not by a number")
    lower_node, upper_node = node["left_child"], node["right_child"]
    # Without missing values in training LightGBM takes NaN for 0.
    to_left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
    share = _rows(lower_node) / (_rows(lower_node) + _rows(upper_node))
    head = [int(node["split_feature"]), _round(node["threshold"]), int(to_left), _round(share)]
    return [*head, _compact_node(lower_node), _compact_node(upper_node)]


def _rows(node: Mapping[str, Any]) -> int:
    return int(node["leaf_count"] if "leaf_value" in node else node["internal_count"])


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
