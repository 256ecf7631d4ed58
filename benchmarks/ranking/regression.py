"""Is the ranking still as good as its stored reference? Where it is significantly worse, exit 1.

Needs a folder with sets in the BEIR layout (DATA/beir/SET or DATA/SET), of those that
benchmarks/ranking/reference has a file of: nDCG@10 of every query by configuration, and no text.

    python -m benchmarks.ranking.regression DATA [--libraries KEEP] [--only bm25,fast]
        [--sets scifact]
    python -m benchmarks.ranking.regression DATA --write

A configuration fails where its mean is lower and a paired randomisation test over queries gives
p < .05. `--write` makes the reference anew; `--libraries` keeps the sets' libraries, which saves
most of the time. Where nothing changed, only documents of equal score change places (the order in
which parallel workers read the files is chance), so p stays near 1 and there are no false alarms.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.scaffold import argument_parser
from commonplace import CommonplaceError, InputError
from commonplace.evaluation import Comparison, RetrievalReport, compare, evaluate_retrieval
from commonplace.foundation import write_atomically

REFERENCE = Path(__file__).parent / "reference"


def find_sets(data: Path, named: Sequence[str], writing: bool) -> list[Path]:
    """The folders of the sets, and an error where there are none or one of them is missing."""
    root = data / "beir" if (data / "beir").is_dir() else data
    folders = {file.parent.name: file.parent for file in sorted(root.glob("*/corpus.jsonl"))}
    with_reference = sorted(file.stem for file in REFERENCE.glob("*.json"))
    selected = list(named) or (list(folders) if writing else with_reference)
    if missing := [name for name in selected if name not in folders]:
        raise InputError(f"{root} has no set {missing[0]}; name the folder that holds the sets")
    if not selected:
        raise InputError(f"nothing to compare: {REFERENCE} is empty; --write makes a reference")
    return [folders[name] for name in selected]


def read_reference(report: RetrievalReport) -> Mapping[str, Mapping[str, float]]:
    file = REFERENCE / f"{report.set}.json"
    if not file.exists():
        raise InputError(f"there is no reference of {report.set}; --write makes one")
    record = json.loads(file.read_bytes())
    if record["hash"] != report.hash:
        raise InputError(f"{report.set} is not the set that {file.name} was made of; --write anew")
    values: Mapping[str, Mapping[str, float]] = record["ndcg@10"]
    return values


def against_reference(report: RetrievalReport) -> list[Comparison]:
    reference = read_reference(report)
    comparisons = []
    for row in report.rows:
        name = row.configuration
        if name not in reference:
            raise InputError(f"the reference of {report.set} has no {name}; --write makes one")
        before = (f"reference {name}", reference[name])
        comparisons.append(compare("ndcg@10", before, (name, row.rounded_values)))
        if comparisons[-1].queries != len(reference[name]):
            raise InputError(f"{report.set}: not all queries of the reference were searched")
    return comparisons


def write_reference(report: RetrievalReport) -> None:
    REFERENCE.mkdir(exist_ok=True)
    values = {row.configuration: row.rounded_values for row in report.rows}
    record = {"set": report.set, "hash": report.hash, "ndcg@10": values}
    text = json.dumps(record, separators=(",", ":")).replace("},", "},\n") + "\n"
    write_atomically(REFERENCE / f"{report.set}.json", text.encode())


def check(report: RetrievalReport) -> list[str]:
    """Print a line for each configuration; returns a sentence for each that is worse."""
    failed = []
    for row, change in zip(report.rows, against_reference(report), strict=True):
        worse = change.significant and change.difference < 0
        counts = f"{change.better} better, {change.worse} worse, {change.equal} equal"
        print(
            f"{report.set:<10} {row.configuration:<8} {row.means['ndcg@10']:.4f} "
            f"{change.difference:+.4f}  p {change.p:.3f}  {counts}{'  WORSE' if worse else ''}",
            flush=True,
        )
        if worse:
            failed.append(
                f"{row.configuration} on {report.set} is worse than its reference "
                f"by {-change.difference:.4f} nDCG@10 (p {change.p:.3f})"
            )
    return failed


def run(options: argparse.Namespace) -> list[str]:
    failed = []
    only = [name for name in options.only.split(",") if name]
    if options.write and only:
        raise InputError("a reference holds all configurations; leave out --only")
    with tempfile.TemporaryDirectory() as temporary:
        for folder in find_sets(options.data, options.sets, options.write):
            library = options.libraries / folder.name if options.libraries else None
            file = Path(temporary) / f"{folder.name}.json"
            report, _ = evaluate_retrieval(folder, only=only, library=library, keep_in=file)
            if options.write:
                write_reference(report)
                print(f"{report.set}: {REFERENCE.name}/{report.set}.json")
            else:
                failed += check(report)
    return failed


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", type=lambda text: text.split(","), default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--libraries", type=Path, help="keep the sets' libraries below this folder")
    parser.add_argument("--write", action="store_true", help="make the reference anew")
    try:
        failed = run(parser.parse_args())
    except CommonplaceError as error:
        sys.exit(f"regression: {error}")
    if failed:
        sys.exit("\n".join(f"regression: {sentence}" for sentence in failed))


if __name__ == "__main__":
    main()
