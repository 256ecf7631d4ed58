"""Queries, candidates and their features, for `learning_to_rank.py`: from sets in the BEIR layout,
from squad2 (a question's own passage is the relevant one), and from LightGBM's example (LibSVM).

The features of text sets come from `Library.search(..., explain=True)`, as any user can have them;
`--cache` keeps them, as `best` takes a second a query.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.scaffold import read_lines
from commonplace import Library
from commonplace.evaluation import read_beir
from commonplace.foundation.arrays import Float64s
from commonplace.retrieval import FEATURES

CANDIDATES = 30  # passages of each query that are ranked
PER_ARTICLE = 40  # questions of squad2
CONSTANT = frozenset({"position", "age", "code", "pdf", "feedback"})  # say nothing in these sets
USED = [place for place, name in enumerate(FEATURES) if name not in CONSTANT]


@dataclass(frozen=True)
class RankingSet:
    """Queries with their candidates.

    Attributes:
        features: one array [candidates, features] for each query; NaN where not computed.
        labels: how relevant each candidate is, [candidates] for each query.
        ideal: the labels of all that is relevant to each query, found or not.
        formula: the score of the program's own ranking [candidates]; None where there is none.
        folds: what must stay together in cross-validation, one name for each query.
    """

    name: str
    features: list[Float64s]
    labels: list[Float64s]
    ideal: list[Float64s]
    formula: list[Float64s] | None
    folds: list[str]


def read_libsvm(file: Path) -> RankingSet:
    """LightGBM's layout: `label index:value ...` lines, and beside it the size of each query."""
    sizes = [int(line) for line in file.with_suffix(file.suffix + ".query").read_text().split()]
    rows = [line.split() for line in file.read_text().splitlines()]
    width = 1 + max(int(pair.split(":")[0]) for row in rows for pair in row[1:])
    matrix, labels = np.zeros((len(rows), width)), np.array([float(row[0]) for row in rows])
    for place, row in enumerate(rows):
        for index, value in (pair.split(":") for pair in row[1:]):
            matrix[place, int(index)] = float(value)
    ends = np.cumsum(sizes)[:-1]
    parts = np.split(labels, ends)
    names = [str(number) for number in range(len(sizes))]
    return RankingSet(file.name, np.split(matrix, ends), parts, parts, None, names)


def write_documents(rows: Sequence[Mapping[str, object]], folder: Path) -> dict[str, str]:
    """One file a document, a Markdown heading for its title; returns document ids by path."""
    folder.mkdir(parents=True, exist_ok=True)
    identities = {}
    for number, row in enumerate(rows):
        title = " ".join(str(row.get("title", "")).split())
        path = folder / f"{number}{'.md' if title else '.txt'}"
        if not path.exists():
            path.write_text(f"# {title}\n\n{row['text']}" if title else str(row["text"]), "utf-8")
        identities[str(path)] = str(row.get("_id", row.get("id")))
    return identities


Queries = list[tuple[str, dict[str, float], str]]  # text, relevant documents, fold


def beir_queries(folder: Path) -> Queries:
    """Every judged query, each a fold of its own."""
    beir = read_beir(folder)
    grades = {
        query: {document: float(grade) for document, grade in judged.items() if grade > 0}
        for query, judged in beir.judgments.items()
    }
    return [(text, grades[name], name) for name, text in beir.queries.items()]


def squad_queries(folder: Path) -> Queries:
    """The same few answerable questions of each article each time; an article is a fold."""
    article = {str(p["id"]): str(p["title"]) for p in read_lines(folder / "passages.jsonl")}
    groups: dict[str, Queries] = {}
    for row in read_lines(folder / "questions.jsonl"):
        if row["answerable"]:
            gold = str(row["passage_id"])
            name = article[gold]
            groups.setdefault(name, []).append((str(row["question"]), {gold: 1.0}, name))
    random_choice = random.Random(5)
    return [q for name in sorted(groups) for q in random_choice.sample(groups[name], PER_ARTICLE)]


def text_set(folder: Path, place: Path, cache: Path | None) -> RankingSet:
    """A text set's features through a library that stays in `place`, or from the cache."""
    file = None if cache is None else cache / f"{folder.name}.npz"
    if file is not None and file.exists():
        return _load(file, folder.name)
    is_squad = (folder / "passages.jsonl").exists()
    rows = list(read_lines(folder / ("passages.jsonl" if is_squad else "corpus.jsonl")))
    identities = write_documents(rows, place / "documents")
    library = Library.open(place / "library")
    library.add(place / "documents")
    queries = squad_queries(folder) if is_squad else beir_queries(folder)
    ranking_set = _search_all(folder.name, library, queries, identities)
    if file is not None:
        _save(file, ranking_set)
    return ranking_set


def _search_all(
    name: str, library: Library, queries: Queries, identities: Mapping[str, str]
) -> RankingSet:
    ranking_set = RankingSet(name, [], [], [], [], [])
    assert ranking_set.formula is not None
    for text, relevant, fold in queries:
        hits = library.search(text, profile="best", limit=CANDIDATES, explain=True)
        best = {identities[hit.passage.path]: hit for hit in reversed(hits)}
        named = [dict(hit.explanation.features) for hit in best.values() if hit.explanation]
        ranking_set.features.append(np.array([[row[n] for n in FEATURES] for row in named]))
        ranking_set.formula.append(np.array([hit.score for hit in best.values()]))
        ranking_set.labels.append(np.array([relevant.get(document, 0.0) for document in best]))
        ranking_set.ideal.append(np.array(list(relevant.values())))
        ranking_set.folds.append(fold)
    return ranking_set


def _save(file: Path, ranking_set: RankingSet) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert ranking_set.formula is not None
    np.savez(
        file,
        features=np.concatenate(ranking_set.features),
        labels=np.concatenate(ranking_set.labels),
        formula=np.concatenate(ranking_set.formula),
        sizes=[len(rows) for rows in ranking_set.labels],
        ideal=np.concatenate(ranking_set.ideal),
        ideals=[len(rows) for rows in ranking_set.ideal],
        folds=np.array(ranking_set.folds),
    )


def _load(file: Path, name: str) -> RankingSet:
    with np.load(file) as arrays:
        ends = np.cumsum(arrays["sizes"])[:-1]
        return RankingSet(
            name,
            np.split(arrays["features"], ends),
            np.split(arrays["labels"], ends),
            np.split(arrays["ideal"], np.cumsum(arrays["ideals"])[:-1]),
            np.split(arrays["formula"], ends),
            [str(fold) for fold in arrays["folds"]],
        )
