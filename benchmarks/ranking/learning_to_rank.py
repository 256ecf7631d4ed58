"""Does a learned ranking beat the program's fixed formula, and does it carry over to other sets?

LambdaMART (LightGBM), a random forest (scikit-learn) and an RBF-kernel SVM on preference pairs
(RankSVM: Joachims, KDD 2002; the kernel by Nystroem's 300 landmarks and at most 20 pairs a query,
as the exact one is quadratic in pairs), beside a linear one, on four questions:

1. the known task: LightGBM's own example data, train and test as given (nDCG@1, 3, 5; gain
   2^label - 1, as LightGBM counts);
2. within each text set, five folds of its queries (squad2: its articles);
3. transfer: trained on all other text sets, tested on this one;
4. the same, as a correction of the formula: boosting starts from its score.

The features are those of `commonplace.retrieval.FEATURES`, standardised among a query's candidates,
so that no model can learn a collection's own scale. p: paired sign-flipping randomisation against
the formula (in 1: against LambdaMART). The models' settings were fixed beforehand, not tuned here.

    python -m benchmarks.ranking.learning_to_rank DATA --libraries KEPT [--cache DIR] [--json FILE]

DATA holds beir/, qa/squad2 and tabular/lambdarank; KEPT keeps one library for each set.
Needs the extra `learn` (lightgbm, scikit-learn).
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import LinearSVC

from benchmarks.ranking._sets import USED, RankingSet, read_libsvm, text_set
from benchmarks.scaffold import argument_parser, report
from commonplace.evaluation import randomisation_p
from commonplace.foundation.arrays import Float64s

Ranker = Callable[[Float64s], Float64s]
Train = Callable[[Sequence[Float64s], Sequence[Float64s]], Ranker]
SETS = ("vaswani", "cranfield", "cosqa", "squad2")
FOLDS, PAIRS, LANDMARKS = 5, 20, 300
BOOSTING = {
    "objective": "lambdarank", "num_leaves": 7, "learning_rate": 0.05, "min_data_in_leaf": 50,
    "lambda_l2": 10.0, "feature_fraction": 0.7, "bagging_fraction": 0.7, "bagging_freq": 1,
    "num_threads": 1, "seed": 1, "deterministic": True, "verbose": -1,
}  # fmt: skip


def standardised(matrix: Float64s) -> Float64s:
    """Each feature as standard deviations from its mean among the candidates; unknown: 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column of which nothing is known
        mean, spread = np.nanmean(matrix, axis=0), np.nanstd(matrix, axis=0)
    values = (matrix - mean) / np.where(spread > 1e-6, spread, 1.0)
    return np.where(np.isfinite(values), values, 0.0)


def ndcg(
    scores: Float64s, labels: Float64s, ideal: Float64s, depth: int, *, exponential: bool
) -> float:
    """NDCG of one query; `ideal` holds the labels of all that is relevant to it."""

    def gained(values: Float64s) -> float:
        gains = np.exp2(values) - 1 if exponential else values
        return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())

    best = gained(np.sort(ideal)[::-1][:depth])
    return gained(labels[np.argsort(-scores, kind="stable")][:depth]) / best if best else 0.0


def boosted(
    features: Sequence[Float64s],
    labels: Sequence[Float64s],
    start: Sequence[Float64s] | None = None,
) -> Ranker:
    """LambdaMART; with `start` the trees correct a given score, which is not added back here."""
    data = lightgbm.Dataset(
        np.concatenate(features),
        np.concatenate(labels).astype(int),
        group=[len(rows) for rows in labels],
        init_score=None if start is None else np.concatenate(start),
    )
    model = lightgbm.train(BOOSTING, data, 100 if start is None else 50)
    return lambda matrix: np.asarray(model.predict(matrix, num_threads=1))


def random_forest(features: Sequence[Float64s], labels: Sequence[Float64s]) -> Ranker:
    forest = RandomForestRegressor(
        200, min_samples_leaf=10, max_features=0.5, n_jobs=1, random_state=0
    )
    forest.fit(np.concatenate(features), np.concatenate(labels))
    return lambda matrix: np.asarray(forest.predict(matrix))


def preferences(
    features: Sequence[Float64s], labels: Sequence[Float64s], most: int
) -> tuple[Float64s, Float64s]:
    """Differences of pairs of which one is preferred, both ways round, and which way it is."""
    random, differences = np.random.default_rng(0), []
    for matrix, label in zip(features, labels, strict=True):
        better, worse = np.nonzero(label[:, None] > label[None, :])
        at = random.permutation(len(better))[:most]
        differences.append(matrix[better[at]] - matrix[worse[at]])
    pairs = np.concatenate(differences)
    return np.concatenate([pairs, -pairs]), np.repeat([1.0, -1.0], len(pairs))


def linear(features: Sequence[Float64s], labels: Sequence[Float64s]) -> Ranker:
    pairs, signs = preferences(features, labels, PAIRS)
    weights = LinearSVC(C=0.01, fit_intercept=False).fit(pairs, signs).coef_[0]
    return lambda matrix: matrix @ weights


def kernel_svm(features: Sequence[Float64s], labels: Sequence[Float64s]) -> Ranker:
    everything = np.concatenate(features)
    mean, spread = everything.mean(axis=0), np.maximum(everything.std(axis=0), 1e-6)
    kernel = Nystroem(gamma=1.0 / everything.shape[1], n_components=LANDMARKS, random_state=0)
    kernel.fit((everything - mean) / spread)
    mapped = [kernel.transform((matrix - mean) / spread) for matrix in features]
    ranker = linear(mapped, labels)
    return lambda matrix: ranker(kernel.transform((matrix - mean) / spread))


MODELS: dict[str, Train] = {
    "LambdaMART": boosted,
    "random forest": random_forest,
    "RBF SVM on pairs": kernel_svm,
    "linear SVM on pairs": linear,
}


def row(
    question: str, name: str, model: str, values: Float64s, against: Float64s
) -> dict[str, Any]:
    p = randomisation_p(values - against)
    return {
        "question": question, "set": name, "model": model, "queries": len(values),
        "ndcg": round(float(values.mean()), 4),
        "difference": round(float((values - against).mean()), 4), "p": round(p, 4),
    }  # fmt: skip


def known_task(folder: Path) -> list[dict[str, Any]]:
    train, test = read_libsvm(folder / "rank.train"), read_libsvm(folder / "rank.test")
    width = max(each.features[0].shape[1] for each in (train, test))
    widened = [np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in test.features]
    learnt = [np.pad(m, ((0, 0), (0, width - m.shape[1]))) for m in train.features]
    rankers = {name: fit(learnt, train.labels) for name, fit in MODELS.items()}
    rows = []
    for depth in (1, 3, 5):
        values = {
            name: np.array([
                ndcg(ranker(matrix), label, label, depth, exponential=True)
                for matrix, label in zip(widened, test.labels, strict=True)
            ])
            for name, ranker in rankers.items()
        }  # fmt: skip
        reference = values["LambdaMART"]
        rows += [row("1 known task", f"nDCG@{depth}", n, v, reference) for n, v in values.items()]
    return rows


Prepared = tuple[RankingSet, list[Float64s], list[Float64s]]  # the set, its features, the formula


def prepared(ranking_set: RankingSet) -> Prepared:
    assert ranking_set.formula is not None
    features = [standardised(matrix[:, USED]) for matrix in ranking_set.features]
    return (
        ranking_set,
        features,
        [standardised(scores[:, None])[:, 0] for scores in ranking_set.formula],
    )


def measured(ranking_set: RankingSet, scores: Sequence[Float64s], at: Sequence[int]) -> Float64s:
    """nDCG@10 with linear gain of the queries `at`, as in trec_eval."""
    labels, ideal = ranking_set.labels, ranking_set.ideal
    return np.array([
        ndcg(scores[place], labels[query], ideal[query], 10, exponential=False)
        for place, query in enumerate(at)
    ])  # fmt: skip


def within(prepared_set: Prepared) -> list[dict[str, Any]]:
    ranking_set, features, formula = prepared_set
    everything = range(len(features))
    names = sorted(set(ranking_set.folds))
    order = np.random.default_rng(0).permutation(len(names)) % FOLDS
    fold_of = dict(zip(names, order.tolist(), strict=True))
    against = measured(ranking_set, formula, everything)
    rows = [row("2 within", ranking_set.name, "formula", against, against)]
    for name, fit in MODELS.items():
        values = np.zeros(len(features))
        for fold in range(FOLDS):
            held = [q for q in everything if fold_of[ranking_set.folds[q]] == fold]
            rest = [q for q in everything if fold_of[ranking_set.folds[q]] != fold]
            ranker = fit([features[q] for q in rest], [ranking_set.labels[q] for q in rest])
            values[held] = measured(ranking_set, [ranker(features[q]) for q in held], held)
        rows.append(row("2 within", ranking_set.name, name, values, against))
    return rows


def transfer(test: Prepared, others: Sequence[Prepared]) -> list[dict[str, Any]]:
    ranking_set, features, formula = test
    learnt = [matrix for _, matrices, _ in others for matrix in matrices]
    labels = [(label > 0).astype(float) for each, _, _ in others for label in each.labels]
    starts = [scores for _, _, formulas in others for scores in formulas]
    everything = range(len(features))
    against = measured(ranking_set, formula, everything)
    rankers = {name: fit(learnt, labels) for name, fit in MODELS.items()}
    scores = {name: [ranker(m) for m in features] for name, ranker in rankers.items()}
    correction = boosted(learnt, labels, starts)
    corrected = [f + correction(m) for f, m in zip(formula, features, strict=True)]
    rows = [
        row(
            "3 transfer", ranking_set.name, name, measured(ranking_set, values, everything), against
        )
        for name, values in scores.items()
    ]
    last = measured(ranking_set, corrected, everything)
    return [*rows, row("4 transfer", ranking_set.name, "formula + LambdaMART", last, against)]


def table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'question':<13}{'set':<11}{'model':<22}{'queries':>8}{'nDCG':>9}{'diff':>9}{'p':>8}"
    for r in rows:
        head = f"{r['question']:<13}{r['set']:<11}{r['model']:<22}{r['queries']:>8}"
        yield f"{head}{r['ndcg']:>9.4f}{r['difference']:>+9.4f}{r['p']:>8.4f}"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--libraries", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    options = parser.parse_args()
    rows = known_task(options.data / "tabular" / "lambdarank")
    sets = []
    for name in options.sets.split(","):
        folder = options.data / ("qa" if name == "squad2" else "beir") / name
        sets.append(prepared(text_set(folder, options.libraries / name, options.cache)))
    for prepared_set in sets:
        rows += within(prepared_set)
    for test in sets:
        rows += transfer(test, [other for other in sets if other is not test])
    report(options, rows, table(rows))


if __name__ == "__main__":
    main()
