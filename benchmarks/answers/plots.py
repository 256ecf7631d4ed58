"""Measures the refusal on articles that it was not trained on, and draws two figures.

    python -m benchmarks.answers.train_answerability DIR --rows FILE --measure
    python -m benchmarks.answers.plots DIR --rows FILE   # draws into docs/

risk-coverage.svg: of the questions that are answered, how many have no answer (risk), as more and
more are answered (coverage); the model, the four-signal curve before it, and a threshold on the
best retrieval score (that of BM25, cosine and reranker that does best on the training articles).
reliability.svg: how often there is an answer where the confidence says so. Intervals: 95 %,
bootstrap over questions, 1,000 draws, the same ones for all that is compared.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.answers.rows import QuestionSignals, load, rates
from benchmarks.answers.train_support import TRAINING
from benchmarks.scaffold import argument_parser
from commonplace.answers.answerability import CAUTION, Answerability
from commonplace.answers.signals import SIGNALS
from commonplace.foundation.arrays import Float64s

DRAWS = 1000
RETRIEVAL = ("BM25", "cosine", "reranker")
Scores = Mapping[str, Float64s]
Statistic = Callable[[Float64s, NDArray[np.bool_]], float]


def four_signals(rows: QuestionSignals) -> Float64s:
    """The logistic curve that the trees replaced, its weights as they were."""
    columns = {name: rows.signals[:, SIGNALS.index(name)] for name in SIGNALS}
    return np.asarray(
        0.2 * columns["sentence"]
        + 5.6 * columns["cosine"]
        - 3.1 * columns["negation"]
        - 1.1 * (columns["number_missing"] > 0)
    )


def scores_by_way(
    training: QuestionSignals, held: QuestionSignals, model: Answerability
) -> dict[str, Float64s]:
    """Scores of the held-out rows by each way to refuse."""
    worth = [roc_auc_score(training.answerable, column) for column in training.retrieval.T]
    best = int(np.argmax(worth))
    raw = [model.confidence(s, t) for s, t in zip(held.signals, held.states, strict=True)]
    return {
        "trees": np.array(raw),
        "four signals": four_signals(held),
        f"best {RETRIEVAL[best]} score": held.retrieval[:, best],
    }


def risk_coverage(scores: Float64s, answerable: NDArray[np.bool_]) -> tuple[Float64s, Float64s]:
    """Coverage [n] and risk [n] as ever more questions are answered, the surest first."""
    order = np.argsort(-scores, kind="stable")
    wrong = np.cumsum(~answerable[order])
    count = np.arange(1, len(scores) + 1)
    return count / len(scores), wrong / count


def area(scores: Float64s, answerable: NDArray[np.bool_]) -> float:
    """Mean risk over all coverages (AURC)."""
    return float(risk_coverage(scores, answerable)[1].mean())


def false_answers_at(scores: Float64s, answerable: NDArray[np.bool_], refused: float) -> float:
    """Share of the unanswerable answered where this share of the answerable is refused."""
    return float((scores[~answerable] >= np.quantile(scores[answerable], refused)).mean())


def false_refusals_at(scores: Float64s, answerable: NDArray[np.bool_], answered: float) -> float:
    """Share of the answerable refused where this share of the unanswerable is answered."""
    return float((scores[answerable] < np.quantile(scores[~answerable], 1 - answered)).mean())


STATISTICS: Mapping[str, Statistic] = {
    "AUC": lambda s, y: float(roc_auc_score(y, s)),
    "AURC": area,
    "false answers at 20 % refused": lambda s, y: false_answers_at(s, y, 0.2),
    "false answers at 30 % refused": lambda s, y: false_answers_at(s, y, 0.3),
    "refused at 10 % false answers": lambda s, y: false_refusals_at(s, y, 0.1),
    "refused at 5 % false answers": lambda s, y: false_refusals_at(s, y, 0.05),
}


def draws(rows: QuestionSignals, by_article: bool) -> list[NDArray[np.int64]]:
    """Bootstrap samples of places, of questions or of whole articles."""
    random = np.random.default_rng(17)
    count = len(rows.answerable)
    if not by_article:
        return [random.integers(0, count, count) for _ in range(DRAWS)]
    articles = sorted(set(rows.article))
    places = [np.flatnonzero(rows.article == article) for article in articles]
    picks = [random.integers(0, len(articles), len(articles)) for _ in range(DRAWS)]
    return [np.concatenate([places[i] for i in pick]) for pick in picks]


def interval(values: list[float]) -> str:
    low, high = np.quantile(values, [0.025, 0.975])
    return f"[{low:.3f}, {high:.3f}]"


def report(rows: QuestionSignals, scores: Scores, title: str) -> None:
    yes = int(rows.answerable.sum())
    print(f"\n{title}: {yes} answerable, {len(rows.answerable) - yes} not")
    by_question = draws(rows, by_article=False)
    by_article = draws(rows, by_article=True)
    for name, of in STATISTICS.items():
        values = {key: of(each, rows.answerable) for key, each in scores.items()}
        print(f"{name:32s}" + "  ".join(f"{key} {value:.3f}" for key, value in values.items()))
        first, *others = scores
        for other in others:
            for label, samples in (("questions", by_question), ("articles", by_article)):
                gaps = [
                    of(scores[first][at], rows.answerable[at])
                    - of(scores[other][at], rows.answerable[at])
                    for at in samples
                ]
                print(f"    {first} - {other}, over {label}: {interval(gaps)}")


def prices(rows: QuestionSignals, confidence: Float64s) -> None:
    for name, threshold in CAUTION.items():
        answers, refusals = rates(confidence, rows.answerable, threshold)
        print(f"caution {name:8s} {threshold}: false answers {answers:.3f}, refused {refusals:.3f}")


def measure(folder: Path, file: Path, model_file: Path) -> None:
    """Print both conditions."""
    model = Answerability.read(model_file)
    for own, title in ((False, "asked of the whole library"), (True, "asked of its own passage")):
        rows = load(folder, file, own=own)
        in_training = np.isin(rows.article, TRAINING)
        held = rows.at(~in_training)
        scores = scores_by_way(rows.at(in_training), held, model)
        report(held, scores, title)
        prices(held, scores["trees"])


def draw(folder: Path, file: Path, model_file: Path, out: Path) -> None:
    rows = load(folder, file)
    in_training = np.isin(rows.article, TRAINING)
    held = rows.at(~in_training)
    scores = scores_by_way(rows.at(in_training), held, Answerability.read(model_file))
    draw_risk(held, scores, out / "risk-coverage.svg")
    draw_reliability(held, scores["trees"], out / "reliability.svg")


def draw_risk(held: QuestionSignals, scores: Scores, file: Path) -> None:
    """Curves with their pointwise bootstrap bands."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "commonplace"
    figure, axes = plt.subplots(figsize=(6, 4))
    grid = np.linspace(0.05, 1, 96)
    for name, each in scores.items():
        curves = []
        for at in draws(held, by_article=False)[:300]:
            coverage, risk = risk_coverage(each[at], held.answerable[at])
            curves.append(np.interp(grid, coverage, risk))
        low, high = np.quantile(curves, [0.025, 0.975], axis=0)
        coverage, risk = risk_coverage(each, held.answerable)
        (line,) = axes.plot(grid, np.interp(grid, coverage, risk), label=name)
        axes.fill_between(grid, low, high, alpha=0.15, color=line.get_color(), linewidth=0)
    axes.set(
        xlabel="coverage: share of questions answered", ylabel="risk: of these, without answer"
    )
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.legend(frameon=False)
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def draw_reliability(held: QuestionSignals, confidence: Float64s, file: Path) -> None:
    """Share with an answer by confidence, ten bins; answerable and not weigh the same in all."""
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "commonplace"
    share = held.answerable.mean()
    mass = np.where(held.answerable, 0.5 / share, 0.5 / (1 - share))
    figure, axes = plt.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    bins = np.minimum((confidence * 10).astype(int), 9)
    for each in sorted(set(bins)):
        at = bins == each
        predicted = np.average(confidence[at], weights=mass[at])
        actual = np.average(held.answerable[at], weights=mass[at])
        error = 1.96 * np.sqrt(actual * (1 - actual) / at.sum())
        axes.errorbar(
            predicted, actual, yerr=error, marker="o", color="C0", markersize=3 + at.sum() / 40
        )
    axes.set(xlabel="confidence", ylabel="share that has an answer", xlim=(0, 1), ylim=(0, 1))
    figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument(
        "--model", type=Path, default=Path("src/commonplace/answers/answerability.json")
    )
    parser.add_argument("--out", type=Path, default=Path("docs"))
    options = parser.parse_args()
    draw(options.folder, options.rows, options.model, options.out)


if __name__ == "__main__":
    main()
