"""Trains answers/answerability.json: does what was read answer the question at all?

Needs the extras `dev`; with `--worlds` folders of notes with questions to measure on, and with
`--squad` the folder of SQuAD 2.0 (passages.jsonl, questions.jsonl).

    python -m benchmarks.answers.train_answerability --rows FILE [--out FILE]
    python -m benchmarks.answers.train_answerability --rows FILE --worlds FOLDER... [--squad DIR]

It learns from seven invented worlds that the reader did not learn from (worlds/README.md). `--rows`
names the file of `benchmarks.answers.rows` that holds the signals; what it lacks is asked first, a
second a question. From the same rows and versions the file is the same byte for byte.

Two steps, the second fed out-of-fold by the first (a fold is a world): a logistic *curve* of a few
signals; *trees* that start from the curve and correct it. Platt's sigmoid (1999) makes their sum a
probability. What is learned is whether the quotes are the answer, so an answerable question whose
best quote is another counts as one without.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import lightgbm
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.answers.questions import WORLDS, AskedQuestion, asked_of_squad, asked_of_world
from benchmarks.answers.rows import QuestionSignals, Record, collect
from benchmarks.answers.train_support import directions
from benchmarks.scaffold import argument_parser, report
from commonplace.answers.answerability import CAUTION, CURVE, DERIVED, NEAR, Answerability
from commonplace.answers.signals import DOWN, SIGNALS, UP
from commonplace.foundation.arrays import Bools, Float64s
from commonplace.models import compact

DECISION_WORLDS: Final = (
    "farm", "homelab", "travel", "datacentre", "hausverein", "electronics", "devices",
)  # fmt: skip
KEPT_ARTICLES: Final = ("Packet switching", "Steam engine")  # nothing learned from them
EACH: Final = 110  # questions of such an article
CURVE_C: Final = 0.3
ROUNDS: Final = 60
RECIPE: Final[Record] = {
    "objective": "binary",
    "num_leaves": 4,
    "learning_rate": 0.03,
    "min_data_in_leaf": 20,
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
    """Scores [n] of every row by what was trained on the other groups."""
    scores = np.zeros(len(rows.right))
    for group in sorted(set(rows.group)):
        other = rows.group != group
        scores[~other] = score(rows.at(other), rows.at(~other))
    return scores


def curve_columns(rows: QuestionSignals) -> Float64s:
    return rows.signals[:, [SIGNALS.index(name) for name in CURVE]]


def curve_of(rows: QuestionSignals) -> tuple[Float64s, float]:
    return linear(curve_columns(rows), rows.right, CURVE_C)


def train(rows: QuestionSignals) -> Record:
    """The record of an `Answerability`, without its Platt sigmoid."""
    curve, bias = curve_of(rows)
    start = curve_columns(rows) @ curve + bias
    names = [*SIGNALS, *DERIVED]
    data = lightgbm.Dataset(
        np.column_stack([rows.signals, start]),
        rows.right.astype(float),
        init_score=start,
        feature_name=names,
    )
    monotone = directions(names, (*UP, *DERIVED), DOWN)
    model = lightgbm.train({**RECIPE, "monotone_constraints": monotone}, data, ROUNDS)
    return {
        **compact(model.dump_model()),
        "curve": dict(zip(CURVE, _short(curve), strict=True)) | {"bias": bias},
        "middle": dict(zip(CURVE, _short(curve_columns(rows).mean(axis=0)), strict=True)),
        "sigmoid": [1.0, 0.0],
    }


def _short(values: Float64s) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def scores(record: Record, rows: QuestionSignals) -> Float64s:
    """Raw scores [n] of a trained record."""
    model = Answerability.of(record)
    return np.array([model.score(each) for each in rows.signals])


def fit(rows: QuestionSignals) -> Record:
    """The whole record: trained, and made a probability by scores out of fold."""
    raw = out_of_fold(rows, lambda training, held: scores(train(training), held))
    fitted = LogisticRegression(C=1e6).fit(raw[:, None], rows.right)
    slope, shift = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    print(f"out of fold: AUC {roc_auc_score(rows.right, raw):.3f} of {len(raw)} questions")
    return {**train(rows), "sigmoid": _short(np.array([slope, shift]))}


def write(record: Record, rows: QuestionSignals, file: Path) -> None:
    header = {
        "trained_on": f"invented worlds of notes: {', '.join(DECISION_WORLDS)}",
        "licence": "Apache-2.0",
        "sha256": hashlib.sha256(rows.signals.tobytes()).hexdigest(),
        "questions": len(rows.right),
        "recipe": {**RECIPE, "rounds": ROUNDS, "curve_c": CURVE_C},
        "made_by": "benchmarks/answers/train_answerability.py, "
        f"lightgbm {lightgbm.__version__}, scikit-learn {sklearn.__version__}",
    }
    text = json.dumps({**header, **record}, separators=(",", ":"))
    file.write_text(text + "\n", encoding="utf-8")
    print(f"{file}: {len(rows.right)} questions, {file.stat().st_size} bytes")


def measured(rows: QuestionSignals, model: Answerability) -> Record:
    """What the decision is worth on rows that it was not trained on."""
    confidence = np.array([model.confidence(each) for each in rows.signals])
    yes, no = rows.answerable, ~rows.answerable
    figures: Record = {
        "questions": len(rows.right),
        "auc": float(
            roc_auc_score(rows.right[yes & rows.right | no], confidence[yes & rows.right | no])
        ),
        "would_be_right": float(rows.right[yes].mean()),
    }
    for name, threshold in CAUTION.items():
        answered = confidence >= threshold
        figures[name] = {
            "right": float((answered & rows.right)[yes].mean()),
            "right_or_closest": float(
                ((answered & rows.right) | (~answered & (confidence >= NEAR) & rows.near))[
                    yes
                ].mean()
            ),
            "refused": float((confidence < NEAR)[yes].mean()),
            "false": float(answered[no].mean()),
            **{
                kind: float(answered[rows.kind == kind].mean())
                for kind in sorted(set(rows.kind[no]))
            },
        }
    at = np.quantile(confidence[yes], 0.3)
    figures["false_at_30_not_answered"] = float((confidence[no] >= at).mean())
    return figures


def lines(figures: dict[str, Record]) -> Iterator[str]:
    for name, each in figures.items():
        yield f"{name}: " + ", ".join(
            f"{key} {value:.3f}" for key, value in each.items() if isinstance(value, float)
        )
        for caution in CAUTION:
            rates = ", ".join(f"{key} {value:.3f}" for key, value in each[caution].items())
            yield f"    {caution}: {rates}"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--worlds", type=Path, nargs="*", default=[])
    parser.add_argument("--squad", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.worlds or options.squad:
        report(options, figures := _figures(options), lines(figures))
        return
    groups = [(name, partial(asked_of_world, WORLDS / name)) for name in DECISION_WORLDS]
    rows = collect(options.rows, groups)
    file = options.out or Path("src/commonplace/answers/answerability.json")
    write(fit(rows), rows, file)


def _figures(options: argparse.Namespace) -> dict[str, Record]:
    model = Answerability.read(options.out or Path("src/commonplace/answers/answerability.json"))
    sources: dict[str, list[tuple[str, Callable[[], Iterable[AskedQuestion]]]]] = {}
    if options.worlds:
        sources["notes"] = [
            (world.name, partial(asked_of_world, world)) for world in options.worlds
        ]
    if options.squad:
        ask = partial(asked_of_squad, options.squad, KEPT_ARTICLES, EACH)
        sources["squad2, articles kept apart"] = [("squad2", ask)]
    return {name: measured(collect(options.rows, own), model) for name, own in sources.items()}


if __name__ == "__main__":
    main()
