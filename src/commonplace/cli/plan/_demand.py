"""`plan demand`: a training job as rows of a plan, and what an adapter would save."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import NumberRange, json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, print_json, say

if TYPE_CHECKING:
    from commonplace.capacity.demand.training import Demand, Job
    from commonplace.capacity.plan.tables import Table

_count = click.IntRange(1, 10**7)
_OF_A_JOB = (
    "chips",
    "tensor_parallel",
    "pipeline_parallel",
    "expert_parallel",
    "top_experts",
    "sequences",
    "sequence",
    "bytes",
    "sharded",
    "step_seconds",
)
_amount = NumberRange(1e-6, 1e9)


@verb(
    "A training job as rows of a plan.",
    "commonplace plan demand --model 8B --chips 256 --data-parallel 256 --adapter-rank 16",
    "commonplace plan demand --model 70B --chips 512 --data-parallel 16 --tensor-parallel 8"
    " --pipeline-parallel 4 --at house-1 --at house-2",
)
@click.option("--model", required=True, metavar="SIZE", help="Weights of the model: 8B, 70B, 350M.")
@click.option("--active", metavar="SIZE", help="Weights that a token meets, of experts [all].")
@click.option("--layers", type=_count, help="Layers [those of a known model of that size].")
@click.option("--hidden", type=_count, help="Width of the model [likewise].")
@click.option("--chips", required=True, type=_count, help="Chips.")
@click.option("--data-parallel", type=_count, help="Replicas [what the other degrees leave].")
@click.option(
    "--tensor-parallel", type=_count, default=1, show_default=True, help="Chips of a layer."
)
@click.option("--pipeline-parallel", type=_count, default=1, show_default=True, help="Stages.")
@click.option(
    "--expert-parallel", type=_count, default=1, show_default=True, help="Ranks of experts."
)
@click.option(
    "--top-experts", type=_count, default=2, show_default=True, help="Experts of a token."
)
@click.option("--sharded", is_flag=True, help="Weights are sharded over replicas (ZeRO 3, FSDP).")
@click.option("--adapter-rank", type=_count, help="Train a LoRA of this rank on every linear map.")
@click.option("--trainable", metavar="SIZE", help="Or train so many weights: 20M.")
@click.option(
    "--sequences", type=_count, default=16, show_default=True, help="Of a replica in a step."
)
@click.option(
    "--sequence", type=_count, default=8192, show_default=True, help="Tokens of a sequence."
)
@click.option(
    "--bytes",
    type=click.IntRange(1, 8),
    default=2,
    show_default=True,
    help="Bytes of a number that is sent.",
)
@click.option("--step-seconds", type=_amount, help="Length of a step [from the arithmetic].")
@click.option("--tflops", type=_amount, default=989.0, show_default=True, help="Of a chip, dense.")
@click.option(
    "--utilisation",
    type=NumberRange(0.01, 1),
    default=0.4,
    show_default=True,
    help="Of the TFLOP/s.",
)
@click.option(
    "--scale-up", type=_count, default=8, show_default=True, help="Chips that need no fabric."
)
@click.option("--kw", type=_amount, default=1.3, show_default=True, help="Of a chip.")
@click.option(
    "--chips-of-rack", type=_count, default=32, show_default=True, help="Chips in a rack."
)
@click.option("--at", multiple=True, metavar="HOUSE", help="A house that it runs in (repeatable).")
@click.option("--name", default="training", show_default=True, help="Project and product.")
@click.option("--need", type=click.IntRange(1, 120), default=1, show_default=True, help="Month.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the tables there."
)
@json_option
def demand(at: tuple[str, ...], name: str, need: int, **given: Any) -> None:
    """Print what a training job asks of the network, as rows of projects.csv and flows.csv.

    With --adapter-rank or --trainable also: how many more chips the same network carries.
    """
    from commonplace.capacity.demand import training as t

    job = _job(given, max(1, len(set(at))))
    chip = t.Chip(
        given["tflops"],
        given["utilisation"],
        given["scale_up"],
        given["kw"],
        given["chips_of_rack"],
    )
    asked = t.demand(job, chip)
    projects, flows = t.rows(job, name, tuple(dict.fromkeys(at)), need, chip)
    tables = _tables(projects, flows)
    saved = _saved(job, chip)
    if given["out"]:
        _write(given["out"], tables)
    if given["as_json"]:
        shown = {
            "projects": _records("projects.csv", projects),
            "flows": _records("flows.csv", flows),
        }
        print_json({**asdict(asked), "shape": asdict(job.shape), **shown, "adapter": saved})
        return
    _show(job, asked, saved)
    for file, text in tables.items():
        say(bold(f"\n{file}"))
        say(text.rstrip("\n"))
    if given["out"]:
        say(bold(f"\nwrote {given['out']}"))


def _job(given: dict[str, Any], houses: int) -> "Job":
    """The job that the options describe."""
    from commonplace.capacity.demand.model_shapes import adapter_weights, count, shape
    from commonplace.capacity.demand.training import Job
    from commonplace.foundation import InputError

    found = shape(count(given["model"]))
    layers, hidden = given["layers"] or found.layers, given["hidden"] or found.hidden
    if (layers, hidden) != (found.layers, found.hidden):
        found = replace(found, layers=layers, hidden=hidden, feed_forward=4 * hidden, keys=hidden)
    if given["active"]:
        found = replace(found, active_weights=count(given["active"]))
    if given["adapter_rank"] and given["trainable"]:
        raise InputError("give --adapter-rank or --trainable, not both")
    trainable = count(given["trainable"]) if given["trainable"] else None
    if given["adapter_rank"]:
        trainable = float(adapter_weights(found, given["adapter_rank"]))
    inner = given["tensor_parallel"] * given["pipeline_parallel"]
    replicas = given["data_parallel"] or max(1, given["chips"] // inner)
    options = {option: given[option] for option in _OF_A_JOB}
    return Job(found, data_parallel=replicas, trainable=trainable, houses=houses, **options)


def _saved(job: "Job", chip: Any) -> dict[str, Any] | None:
    """How many chips the network of full training carries when this part is trained."""
    from commonplace.capacity.demand.training import chips_that_fit
    from commonplace.capacity.demand.training import demand as asked

    if job.trainable is None:
        return None
    full = asked(replace(job, trainable=None), chip)
    fits = chips_that_fit(job, full.south_gbps, chip)
    more = None if fits is None else fits - job.chips
    return {
        "weights": job.trainable,
        "full_south_gbps": full.south_gbps,
        "chips_that_fit": fits,
        "more_chips": more,
    }


def _tables(projects: Any, flows: Any) -> dict[str, str]:
    from commonplace.capacity.plan.writing import table_text

    rows = {"projects.csv": projects, "flows.csv": flows}
    return {file: table_text(_table(file), some) for file, some in rows.items() if some}


def _table(file: str) -> "Table":
    from commonplace.capacity.plan.tables import TABLES

    return next(table for table in TABLES if table.file == file)


def _records(file: str, rows: Any) -> list[dict[str, Any]]:
    """Rows by the names of the table's columns."""
    columns = _table(file).columns
    return [{one.name: getattr(row, one.attribute) for one in columns} for row in rows]


def _write(folder: Path, tables: dict[str, str]) -> None:
    """Write the tables where there are none yet."""
    from commonplace.foundation import InputError, display_path, write_atomically

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in tables.items():
            if (folder / file).exists():
                raise InputError(f"{display_path(folder / file)} is there already; copy the rows")
            write_atomically(folder / file, text.encode(), shared=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot write to {display_path(folder)}: {reason}") from error


def _show(job: "Job", asked: "Demand", saved: dict[str, Any] | None) -> None:
    """The sums, what they come from, and what an adapter saves."""
    shape = job.shape
    about = f"{shape.layers} layers of width {shape.hidden}"
    about += ", estimated from the size; give --layers and --hidden" if shape.estimated else ""
    say(bold(f"{shape.weights / 1e9:g}B weights"), dim(f" · {about}"))
    say(f"{job.weights / 1e6:,.1f}M weights are trained · a step takes {asked.step_seconds:.3g} s")
    for kind, size in asked.sent.items():
        inside = "" if asked.fabric[kind] else dim("  inside a scale-up domain")
        if size:
            say(f"  {kind}: {size / 1e9:,.3f} GB of each chip and step", inside)
    say(bold(f"south {asked.south_gbps:,.1f} Gb/s"), f" ({asked.chip_gbps:,.2f} of each chip)")
    if job.houses > 1:
        say(bold(f"north {asked.north_gbps:,.1f} Gb/s"), " out of each house")
    if saved is None:
        return
    full = f"full training of {job.chips} chips asks {saved['full_south_gbps']:,.1f} Gb/s"
    if saved["chips_that_fit"] is None:
        say(f"{full}; this asks nothing of the fabric")
    else:
        many, more = f"{saved['chips_that_fit']:,} chips", saved["more_chips"]
        compared = f"{more:,} more" if more >= 0 else f"{-more:,} fewer, for its steps are shorter"
        say(f"{full}; the same network carries ", bold(many), f", {compared}")
