"""The goals, each with the place of its figure in a kept result.

A goal names the file in `benchmarks/results` that holds its figure, and a function from that file's
`figures` (what the benchmark printed with `--json`) to a number. Where a goal depends on another
figure of the same run, such as "not below the better of BM25 and dense", its limit is a function
too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Figures = Any  # JSON, as the benchmark printed it
Number = Callable[[Figures], float]


@dataclass(frozen=True)
class Goal:
    """A figure that is to be at least, or at most, a limit."""

    topic: str
    what: str
    result: str
    figure: Number
    limit: float | Number
    at_most: bool = False
    decimals: int = 2
    unit: str = ""

    def limit_of(self, figures: Figures) -> float:
        return self.limit(figures) if callable(self.limit) else self.limit

    def is_met(self, figures: Figures) -> bool:
        """Whether the figure as measured, not as rounded for the page, is within the limit."""
        figure, limit = self.figure(figures), self.limit_of(figures)
        return figure <= limit if self.at_most else figure >= limit


def row(rows: Sequence[Mapping[str, Any]], **values: Any) -> Mapping[str, Any]:
    """The first row that has these values."""
    return next(each for each in rows if values.items() <= each.items())


def ndcg(profile: str) -> Number:
    return lambda f: float(row(f["rows"], configuration=profile)["ndcg@10"])


def better_single(figures: Figures) -> float:
    return max(ndcg("bm25")(figures), ndcg("dense")(figures))


def lower_fused(figures: Figures) -> float:
    return min(ndcg("fast")(figures), ndcg("best")(figures))


def least_gain(measure: str, over: str) -> Number:
    """The least difference, over the sets, between the learned ranking and another."""
    return lambda f: min(
        row(each["rows"], ranking="learned")[measure] - row(each["rows"], ranking=over)[measure]
        for each in f
    )


def over_peft(*operations: str) -> Number:
    """PEFT's time over ours; of several operations, the least."""
    return lambda f: min(f["rows"][name][0] / f["rows"][name][1] for name in operations)


def training_ratio(over: str, under: str) -> Number:
    return lambda f: median(f["seconds"][over]) / median(f["seconds"][under])


def of_size(size: str, figure: str) -> Number:
    """The worst seed of `plan make` at a size."""
    return lambda f: max(each[figure] for each in f if each["size"] == size)


RANKING = (
    Goal(
        topic="Ranking",
        what="SciFact, nDCG@10 of profile `best`",
        result="ranking-scifact",
        figure=ndcg("best"),
        limit=0.76,
        decimals=4,
    ),
    Goal(
        topic="Ranking",
        what="SciFact, nDCG@10 of BM25 alone",
        result="ranking-scifact",
        figure=ndcg("bm25"),
        limit=0.669,
        decimals=4,
    ),
    *(
        Goal(
            topic="Ranking",
            what=f"{name}, the lower of `fast` and `best` (goal: the better of BM25 and dense)",
            result=f"ranking-{name}",
            figure=lower_fused,
            limit=better_single,
            decimals=4,
        )
        for name in ("vaswani", "cranfield", "cosqa")
    ),
    Goal(
        topic="Ranking",
        what="SciFact, largest error of an explained BM25 score",
        result="ranking-scifact",
        figure=lambda f: f["explanation_error"],
        limit=1e-5,
        at_most=True,
        decimals=0,
    ),
    Goal(
        topic="Ranking",
        what="feedback, gain in nDCG@10 for the queries that were asked, least of four sets",
        result="feedback",
        figure=least_gain("asked", "before"),
        limit=0.0,
        decimals=3,
    ),
    Goal(
        topic="Ranking",
        what="feedback, gain over counting clicks naively, least of four sets",
        result="feedback",
        figure=least_gain("asked", "naive"),
        limit=0.0,
        decimals=3,
    ),
)

ANSWERS = (
    Goal(
        topic="Answers",
        what="area under risk and coverage: learned less best retrieval score, upper end of the "
        "95 % interval",
        result="refusal",
        figure=lambda f: f["library"]["area"]["learned - cosine"][1],
        limit=0.0,
        at_most=True,
        decimals=3,
    ),
    Goal(
        topic="Answers",
        what="false answers where 30 % of the answerable questions are refused",
        result="refusal",
        figure=lambda f: f["library"]["false answers at 30 % refused"]["learned"],
        limit=0.1,
        at_most=True,
        decimals=3,
    ),
    Goal(
        topic="Answers",
        what="support of a sentence: precision of the learned check, beside the rules",
        result="support",
        figure=lambda f: f["trees"]["precision"],
        limit=lambda f: float(f["rules"]["precision"]),
        decimals=3,
    ),
    Goal(
        topic="Answers",
        what="drafts: speed-up of answers, SmolLM2",
        result="speculation",
        figure=lambda f: f["answers over the folder"]["always: speed-up"],
        limit=2.0,
    ),
    Goal(
        topic="Answers",
        what="drafts: speed of texts that copy nothing, SmolLM2",
        result="speculation",
        figure=lambda f: f["text that copies nothing"]["always: speed-up"],
        limit=0.97,
    ),
    Goal(
        topic="Answers",
        what="drafts: share of answers with the same words",
        result="speculation",
        figure=lambda f: (
            f["answers over the folder"]["always: same text as plain"]
            / f["answers over the folder"]["prompts"]
        ),
        limit=1.0,
    ),
)

SPEED = (
    Goal(
        topic="Speed",
        what="files of `$DATA/library` that `add` accounts for",
        result="verbs",
        figure=lambda f: f["files"],
        limit=706,
        decimals=0,
    ),
    Goal(
        topic="Speed",
        what="all its text can be searched, from the start of `add`",
        result="verbs",
        figure=lambda f: f["seconds until text can be searched"],
        limit=60,
        at_most=True,
        decimals=1,
        unit=" s",
    ),
    Goal(
        topic="Speed",
        what="warm search, profile `fast`, median",
        result="verbs",
        figure=lambda f: f["p50_ms"]["warm search, fast"],
        limit=50,
        at_most=True,
        decimals=1,
        unit=" ms",
    ),
    Goal(
        topic="Speed",
        what="cold `commonplace search`, median",
        result="verbs",
        figure=lambda f: f["p50_ms"]["cold search, fast"] / 1000,
        limit=1.5,
        at_most=True,
        unit=" s",
    ),
    Goal(
        topic="Speed",
        what="cold `commonplace ask`, to its end, median",
        result="verbs",
        figure=lambda f: f["p50_ms"]["cold ask, extractive"] / 1000,
        limit=3.0,
        at_most=True,
        unit=" s",
    ),
    Goal(
        topic="Speed",
        what="size of the base install",
        result="install",
        figure=lambda f: f["megabytes"],
        limit=700,
        at_most=True,
        decimals=0,
        unit=" MB",
    ),
    Goal(
        topic="Speed",
        what="encoding, tokens a second over the usual way, least of three sets",
        result="encoding",
        figure=lambda f: min(each["ratio"] for each in f["rows"]),
        limit=2.0,
    ),
    Goal(
        topic="Speed",
        what="BM25 top 10 in 300,000 passages: our time over bm25s's",
        result="engines",
        figure=lambda f: f["text"]["commonplace, in memory"]["ratio_10"],
        limit=1.0,
        at_most=True,
    ),
    Goal(
        topic="Speed",
        what="the same, recall of the exact top 10",
        result="engines",
        figure=lambda f: f["text"]["commonplace, in memory"]["recall_10"],
        limit=1.0,
        decimals=3,
    ),
    Goal(
        topic="Speed",
        what="the same, until 50 added passages are found",
        result="engines",
        figure=lambda f: f["text"]["commonplace, in memory"]["add_50"],
        limit=10,
        at_most=True,
        unit=" ms",
    ),
    Goal(
        topic="Speed",
        what="the same, until a deleted passage is gone",
        result="engines",
        figure=lambda f: f["text"]["commonplace, in memory"]["delete"],
        limit=2,
        at_most=True,
        unit=" ms",
    ),
    Goal(
        topic="Speed",
        what="warm search in 300,000 passages, profile `fast`, from the store, median",
        result="large",
        figure=lambda f: f["store"]["fast"]["p50"],
        limit=120,
        at_most=True,
        decimals=0,
        unit=" ms",
    ),
    Goal(
        topic="Speed",
        what="fifty users beside five answers and adding: requests that failed",
        result="serving",
        figure=lambda f: f["failed"],
        limit=0,
        at_most=True,
        decimals=0,
    ),
)

FORWARDS = tuple(f"forward, {shape} tokens" for shape in ("1 x 1", "1 x 64", "4 x 128"))
MERGES = ("merge, kept", "unmerge", "merge for good")
PEFT: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("attach", ("attach",), 10),
    ("swap, the first after an attach", ("swap, the first",), 10),
    ("swap, a later one", ("swap",), 10),
    ("forward, slowest of three sizes", FORWARDS, 1),
    ("merge, unmerge and merge for good, slowest (see details)", MERGES, 1),
)

ADAPTERS = (
    *(
        Goal(
            topic="Adapters, PEFT's time over ours",
            what=f"{name} {what}",
            result=f"adapters-{name.lower()}",
            figure=over_peft(*operations),
            limit=limit,
        )
        for name in ("LoRA", "DoRA")
        for what, operations, limit in PEFT
    ),
    *(
        Goal(
            topic="Adapters, PEFT's time over ours",
            what=f"ten LoRA as one, by {how}",
            result="adapters-compose",
            figure=over_peft(f"compose 10: {how}"),
            limit=1,
        )
        for how in ("concatenation", "svd")
    ),
    Goal(
        topic="Adapters, PEFT's time over ours",
        what="compiled LoRA, forward",
        result="adapters-compiled",
        figure=over_peft("compiled forward, 1 x 64 tokens"),
        limit=1,
    ),
    *(
        Goal(
            topic="Adapters, PEFT's time over ours",
            what=f"{name} training step",
            result="adapters-training",
            figure=training_ratio(f"PEFT {name.lower()}", f"ours {name.lower()}"),
            limit=1,
        )
        for name in ("LoRA", "DoRA")
    ),
    Goal(
        topic="Adapters",
        what="DoRA training step over LoRA's",
        result="adapters-training",
        figure=training_ratio("ours dora", "ours lora"),
        limit=1.15,
        at_most=True,
    ),
    Goal(
        topic="Adapters",
        what="composing two files of 500 MB: memory, against the size of one",
        result="adapters-streaming",
        figure=lambda f: f["compose"][0],
        limit=500,
        at_most=True,
        decimals=0,
        unit=" MB",
    ),
    Goal(
        topic="Adapters",
        what="largest error of ten operations that should change nothing",
        result="adapters-peers",
        figure=lambda f: max(own for _, _, own in f),
        limit=1e-14,
        at_most=True,
        decimals=0,
    ),
    Goal(
        topic="Adapters",
        what="`adapt text`, LoRA: perplexity of held-out text, below that of the base",
        result="adapt-text",
        figure=lambda f: f["rows"]["lora"]["test"],
        limit=lambda f: float(f["before"]["test"]),
        at_most=True,
    ),
)

CAPACITY = (
    Goal(
        topic="Capacity",
        what="`plan check`, 100 houses and 800 projects",
        result="capacity-check",
        figure=lambda f: f["100x800"]["check"],
        limit=1,
        at_most=True,
        unit=" s",
    ),
    Goal(
        topic="Capacity",
        what="`plan make`, 40 houses and 300 projects: until all are placed",
        result="capacity-make-40x300",
        figure=of_size("40x300", "all placed after"),
        limit=30,
        at_most=True,
        decimals=0,
        unit=" s",
    ),
    Goal(
        topic="Capacity",
        what="the same, gap after 60 s",
        result="capacity-make-40x300",
        figure=lambda f: 100 * of_size("40x300", "gap")(f),
        limit=10,
        at_most=True,
        decimals=1,
        unit=" %",
    ),
    Goal(
        topic="Capacity",
        what="`plan make`, 100 houses and 800 projects: gap after 300 s",
        result="capacity-make-100x800",
        figure=lambda f: 100 * of_size("100x800", "gap")(f),
        limit=15,
        at_most=True,
        decimals=1,
        unit=" %",
    ),
    Goal(
        topic="Capacity",
        what="REPETITA topologies of 20 whose optimum is .9 within .002",
        result="repetita",
        figure=lambda f: f["within"],
        limit=17,
        decimals=0,
    ),
    Goal(
        topic="Capacity",
        what="SNDlib networks of 8 that are solved, bound and routing within 1e-6",
        result="sndlib",
        figure=lambda f: f["solved"],
        limit=8,
        decimals=0,
    ),
)

GOALS = (*RANKING, *ANSWERS, *SPEED, *ADAPTERS, *CAPACITY)
