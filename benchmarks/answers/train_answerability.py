"""Trains answers/answerability.json: does the retrieved context answer the question at all?

Needs a folder with passages.jsonl and questions.jsonl (SQuAD 2.0).

    python -m benchmarks.answers.train_answerability DIR --rows FILE [--measure] [--out FILE]

`--rows` names the file of `benchmarks.answers.rows` that holds the signals; what it lacks is asked
first (half an hour of one core; four times that to measure), and an interrupted run goes on. From
the same rows and versions the file is the same byte for byte. `--measure` writes nothing and prints
what the file is worth on articles that it was not trained on.

Three steps, each fed out-of-fold by the one before (a fold is an article): a linear *probe* of the
cross-encoder's states; a logistic *curve* of four signals and the probe; *trees* that start from
the curve and correct it. Platt's sigmoid (1999) makes their sum a probability, of a world in which
half of all questions have an answer.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import lightgbm
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.answers.rows import QuestionSignals, Record, load, rates
from benchmarks.answers.train_support import LICENCE, SOURCE, TRAINING, digest, directions
from benchmarks.scaffold import argument_parser
from commonplace.answers.answerability import CURVE, DERIVED, Answerability
from commonplace.answers.signals import DOWN, SIGNALS, UP
from commonplace.foundation.arrays import Bools, Float64s
from commonplace.models import compact

PROBE_C: Final = 0.01
CURVE_C: Final = 1.0
ROUNDS: Final = 100
RECIPE: Final[Record] = {
    "objective": "binary",
    "num_leaves": 4,
    "learning_rate": 0.03,
    "min_data_in_leaf": 30,
    "lambda_l2": 20.0,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
TARGETS: Final = (0.5, 0.4, 0.3, 0.2, 0.1, 0.05)  # shares of false answers that have a price


def linear(rows: Float64s, labels: Bools, c: float) -> tuple[Float64s, float]:
    """Weights and bias of a logistic regression on standardised columns, for plain ones."""
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0] = 1.0
    fitted = LogisticRegression(C=c, max_iter=5000).fit((rows - middle) / spread, labels)
    weights = fitted.coef_[0] / spread
    return weights, float(fitted.intercept_[0] - weights @ middle)


def out_of_fold(
    rows: QuestionSignals, score: Callable[[QuestionSignals, QuestionSignals], Float64s]
) -> Float64s:
    """Scores [n] of every row by what was trained on the other articles."""
    scores = np.zeros(len(rows.answerable))
    for article in sorted(set(rows.article)):
        other = rows.article != article
        scores[~other] = score(rows.at(other), rows.at(~other))
    return scores


def probed(training: QuestionSignals, rows: QuestionSignals) -> Float64s:
    weights, bias = linear(training.states, training.answerable, PROBE_C)
    return rows.states @ weights + bias


def curve_columns(rows: QuestionSignals, probe: Float64s) -> Float64s:
    at = [SIGNALS.index(name) for name in CURVE]
    return np.column_stack([rows.signals[:, at], probe])


def train(rows: QuestionSignals) -> Record:
    """The record of an `Answerability`, without its Platt sigmoid and prices."""
    inner = out_of_fold(rows, probed)
    probe, probe_bias = linear(rows.states, rows.answerable, PROBE_C)
    columns = curve_columns(rows, inner)
    curve, bias = linear(columns, rows.answerable, CURVE_C)
    start = columns @ curve + bias
    names = [*SIGNALS, *DERIVED]
    data = lightgbm.Dataset(
        np.column_stack([rows.signals, inner, start]),
        rows.answerable.astype(float),
        init_score=start,
        feature_name=names,
    )
    monotone = directions(names, (*UP, *DERIVED), DOWN)
    model = lightgbm.train({**RECIPE, "monotone_constraints": monotone}, data, ROUNDS)
    return {
        **compact(model.dump_model()),
        "curve": dict(zip((*CURVE, "probe"), _short(curve), strict=True)) | {"bias": bias},
        "middle": dict(zip((*CURVE, "probe"), _short(columns.mean(axis=0)), strict=True)),
        "probe": {"bias": probe_bias, "weights": _short(probe)},
        "sigmoid": [1.0, 0.0],
        "prices": [],
    }


def _short(values: Float64s) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def scores(record: Record, rows: QuestionSignals) -> Float64s:
    """Raw scores [n] of a trained record."""
    model = Answerability.of(record)
    return np.array([model.score(s, t) for s, t in zip(rows.signals, rows.states, strict=True)])


def sigmoid_of(raw: Float64s, answerable: Bools) -> tuple[float, float]:
    """Platt's slope and shift, both classes weighing the same."""
    fitted = LogisticRegression(C=1e6, class_weight="balanced").fit(raw[:, None], answerable)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def fit(rows: QuestionSignals) -> Record:
    """The whole record: trained, made a probability, thresholds with their price out of fold."""
    raw = out_of_fold(rows, lambda training, held: scores(train(training), held))
    record = train(rows)
    slope, shift = sigmoid_of(raw, rows.answerable)
    record["sigmoid"] = [float(f"{slope:.5g}"), float(f"{shift:.5g}")]
    confidence = 1 / (1 + np.exp(-(slope * raw + shift)))
    wrong = confidence[~rows.answerable]
    for target in TARGETS:
        threshold = float(f"{np.quantile(wrong, 1 - target):.3f}")
        answers, refusals = rates(confidence, rows.answerable, threshold)
        record["prices"].append([threshold, round(answers, 3), round(refusals, 3)])
    print(f"out of fold: AUC {roc_auc_score(rows.answerable, raw):.3f} of {len(raw)} questions")
    return record


def write(record: Record, folder: Path, count: int, file: Path) -> None:
    header = {
        "trained_on": f"{SOURCE}; only {', '.join(TRAINING)}; asked of all 8 as one library",
        "licence": LICENCE,
        "sha256": digest(folder),
        "questions": count,
        "recipe": {**RECIPE, "rounds": ROUNDS, "probe_c": PROBE_C, "curve_c": CURVE_C},
        "made_by": "benchmarks/answers/train_answerability.py, "
        f"lightgbm {lightgbm.__version__}, scikit-learn {sklearn.__version__}",
        "prices_are": "threshold, false answers, false refusals; out of fold, training articles",
    }
    text = json.dumps({**header, **record}, separators=(",", ":"))
    file.write_text(text + "\n", encoding="utf-8")
    print(f"{file}: {count} questions, {file.stat().st_size} bytes")


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument(
        "--out", type=Path, default=Path("src/commonplace/answers/answerability.json")
    )
    options = parser.parse_args()
    if options.measure:
        from benchmarks.answers.plots import measure

        measure(options.folder, options.rows, options.out)
        return
    training = load(options.folder, options.rows, articles=TRAINING)
    write(fit(training), options.folder, len(training.answerable), options.out)


if __name__ == "__main__":
    main()
