"""Intervals and p values against exact enumeration, scipy's values, and their own promises."""

from itertools import product

import numpy as np
import pytest

from commonplace.evaluation import compare, interval, randomisation_p, share_interval


def by_enumeration(differences: list[float]) -> float:
    observed = abs(sum(differences))
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((-1, 1), repeat=len(differences))
    ]
    return float(np.mean([total >= observed - 1e-9 for total in sums]))


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_few_differences_are_flipped_in_every_way(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.3, 1, count).tolist()
    assert randomisation_p(differences) == pytest.approx(by_enumeration(differences))
    assert randomisation_p([*differences, 0.0, 0.0]) == randomisation_p(differences)


def test_many_differences_are_sampled_near_the_exact_p() -> None:
    differences = np.random.default_rng(3).normal(0.35, 1, 16)
    exact = by_enumeration(differences.tolist())
    assert 0.02 < exact < 0.9
    assert randomisation_p(differences) == pytest.approx(exact, abs=0.01)


def test_p_against_scipy() -> None:
    """`scipy.stats.permutation_test((d,), np.mean, permutation_type="samples")` of scipy 1.17."""
    differences = [0.2, 0.1, -0.05, 0.3, 0.0, 0.15, 0.4, -0.1]
    assert randomisation_p(differences) == pytest.approx(by_enumeration(differences))
    assert randomisation_p(differences) == pytest.approx(0.109375)


def test_p_has_its_limits() -> None:
    assert randomisation_p([0.0] * 50) == 1.0
    assert randomisation_p([]) == 1.0
    assert randomisation_p([1.0, -1.0] * 20) > 0.9
    assert 0 < randomisation_p([0.5] * 400) < 0.001
    assert randomisation_p([0.1, 0.2, 0.3]) == 0.25  # 2 of 8, however small the values


def test_under_no_effect_p_is_uniform() -> None:
    random = np.random.default_rng(7)
    found = [randomisation_p(random.normal(0, 1, 10)) for _ in range(200)]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_an_interval_covers_the_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(100):
        low, high = interval(random.exponential(1.0, 60))
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 100 <= 0.99


def test_an_interval_is_that_of_the_normal_approximation_where_that_holds() -> None:
    values = np.random.default_rng(1).normal(0.4, 0.3, 400)
    low, high = interval(values)
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.003)
    assert interval(values) == (low, high)  # seeded
    assert interval(values, seed=1) != (low, high)


def test_an_interval_of_a_ratio() -> None:
    low, high = interval([1, 0, 2, 1] * 30, [1, 1, 2, 2] * 30)
    assert low < 4 / 6 < high
    assert interval([1.0, 1.0], [1, 1]) == (1.0, 1.0)
    with pytest.raises(ValueError, match="no values"):
        interval([])


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # scipy.stats.binomtest(...).proportion_ci(method="wilson")
        (0, 10, 0.0, 0.2775327999),
        (5, 10, 0.2365930905, 0.7634069095),
        (10, 10, 0.7224672001, 1.0),
        (93, 120, 0.6924310052, 0.8405084533),
    ],
)
def test_shares_have_wilsons_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert share_interval(successes, trials) == pytest.approx((low, high), abs=1e-6)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)


def test_comparing_pairs_by_query() -> None:
    before = {"a": 0.1, "b": 0.5, "c": 0.5, "only before": 1.0}
    after = {"c": 0.5, "b": 0.25, "a": 0.9, "only after": 0.0}
    found = compare("ndcg@10", ("old", before), ("new", after))
    assert (found.queries, found.better, found.worse, found.equal) == (3, 1, 1, 1)
    assert found.difference == pytest.approx((0.8 - 0.25) / 3)
    assert [change.query for change in found.changes] == ["a", "b"]
    assert not found.significant
    assert found.p == by_enumeration([0.8, -0.25])
    with pytest.raises(ValueError, match="no query is in both"):
        compare("ndcg@10", ("old", {"x": 1.0}), ("new", {"y": 1.0}))


def test_the_same_values_have_not_changed() -> None:
    values = {str(number): number / 10 for number in range(10)}
    found = compare("ndcg@10", ("old", values), ("new", values))
    assert (found.difference, found.p, found.equal, found.changes) == (0.0, 1.0, 10, ())
