"""Trees against LightGBM, which trained them, and against the definition of a Shapley value."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.foundation import WeightsError
from commonplace.models import Trees, compact


def trained(seed: int, missing: bool = False, leaves: int = 8) -> tuple[lightgbm.Booster, Trees]:
    made = np.random.default_rng(seed)
    x = made.normal(size=(400, 5))
    x[:, 3] = made.integers(0, 3, 400)  # few values: splits fall on the same column again
    y = (x[:, 0] * x[:, 1] + x[:, 3] + made.normal(size=400) > 1).astype(float)
    if missing:
        x[made.random(x.shape) < 0.2] = np.nan
    options = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train({**options, "deterministic": True}, lightgbm.Dataset(x, y), 12)
    record = json.loads(json.dumps(compact(booster.dump_model(), source="a test")))
    return booster, Trees.of(record)


def rows(seed: int, missing: bool) -> Any:
    made = np.random.default_rng(1000 + seed)
    x = made.normal(size=(50, 5))
    x[:, 3] = made.integers(0, 3, 50)
    if missing:
        x[made.random(x.shape) < 0.2] = np.nan
    return x


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_sum_is_that_of_the_trainer(seed: int, missing: bool) -> None:
    booster, trees = trained(seed, missing)
    x = rows(seed, missing)
    raw = booster.predict(x, raw_score=True)
    np.testing.assert_allclose(trees.predict(x), raw, atol=1e-7)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("leaves", [2, 8, 31])
def test_the_shares_are_those_of_the_trainer(leaves: int, missing: bool) -> None:
    booster, trees = trained(7, missing, leaves)
    x = rows(7, missing)
    theirs = np.asarray(booster.predict(x, pred_contrib=True))
    np.testing.assert_allclose(trees.contributions(x), theirs[:, :-1], atol=1e-7)
    assert trees.expected == pytest.approx(theirs[0, -1], abs=1e-7)


def test_the_shares_add_up_to_the_sum() -> None:
    _, trees = trained(3)
    x = rows(3, False)
    np.testing.assert_allclose(
        trees.expected + trees.contributions(x).sum(axis=1), trees.predict(x), atol=1e-9
    )


def mean_over_unknown(node: list[Any], x: Any, known: set[int]) -> float:
    """What a tree gives on average where only some features are known: the definition."""
    if len(node) == 1:
        return float(node[0])
    feature, threshold, _, share, left, right = node
    sides = [mean_over_unknown(side, x, known) for side in (left, right)]
    if feature in known:
        return sides[0] if x[feature] <= threshold else sides[1]
    return float(share * sides[0] + (1 - share) * sides[1])


@settings(max_examples=20)
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_a_share_is_the_mean_over_all_orders(values: list[float]) -> None:
    tree = [0, 0.5, 1, 0.3, [1, -0.2, 1, 0.6, [1.0], [2.0]], [0, 1.5, 1, 0.5, [-3.0], [0.5]]]
    trees = Trees.of({"features": ["a", "b", "c"], "trees": [tree]})
    x, expected = np.array(values), np.zeros(3)
    for order in permutations(range(3)):
        known: set[int] = set()
        for feature in order:
            before = mean_over_unknown(tree, x, known)
            known.add(feature)
            expected[feature] += (mean_over_unknown(tree, x, known) - before) / 6
    np.testing.assert_allclose(trees.contributions(x[None])[0], expected, atol=1e-12)


def test_a_tree_of_one_leaf_is_a_constant() -> None:
    stump = [0, 0.5, 1, 0.25, [1.0], [3.0]]
    trees = Trees.of({"features": ["a"], "trees": [[0.5], stump, [0.25]]})
    np.testing.assert_allclose(trees.predict(np.array([[0.0], [1.0]])), [1.75, 3.75])
    assert trees.expected == pytest.approx(0.75 + 0.25 + 2.25)
    alone = Trees.of({"features": ["a"], "trees": [[0.5]]})
    np.testing.assert_array_equal(alone.predict(np.zeros((3, 1))), [0.5, 0.5, 0.5])
    assert not alone.contributions(np.zeros((3, 1))).any()


def test_the_file_says_what_it_is_of(tmp_path: Path) -> None:
    booster, trees = trained(1)
    file = tmp_path / "trees.json"
    file.write_text(json.dumps(compact(booster.dump_model(), source="a test", licence="none")))
    read = Trees.read(file)
    assert (read.header["source"], read.header["licence"]) == ("a test", "none")
    assert read.features == ("Column_0", "Column_1", "Column_2", "Column_3", "Column_4")
    np.testing.assert_array_equal(read.predict(rows(1, False)), trees.predict(rows(1, False)))


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"features": ["a"], "trees": [[]]}'])
def test_a_broken_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "trees.json"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read"):
        Trees.read(file)


def test_rows_of_another_width_are_refused() -> None:
    _, trees = trained(1)
    with pytest.raises(ValueError, match="5 features"):
        trees.predict(np.zeros((2, 4)))
