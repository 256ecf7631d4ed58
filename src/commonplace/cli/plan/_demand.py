"""`plan demand`: a training job as rows of a plan, and what training an adapter would save."""

from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import NumberRange, default_option, json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import FOLDER
from commonplace.cli.terminal.output import bold, dim, print_json, say

if TYPE_CHECKING:
    from commonplace.capacity.demand.training import Chip, Demand, Job
    from commonplace.capacity.plan.tables import Table

_count = click.IntRange(1, 10**7)
_amount = NumberRange(1e-6, 1e9)


@verb(
    "A training job as rows of a plan.",
    "commonplace plan demand --model 8B --chips 256 --data-parallel 256 --adapter-rank 16",
    "commonplace plan demand --model 70B --chips 512 --data-parallel 16 --tensor-parallel 8"
    " --pipeline-parallel 4 --at house-1 --at house-2",
)
@click.option("--model", required=True, metavar="SIZE", help="Weights of the model: 8B, 70B, 350M.")
@click.option("--active", metavar="SIZE", help="Weights that a token meets, of experts [all].")
@click.option("--layers", type=_count, help="Number of layers [of a known model of that size].")
@click.option("--hidden", type=_count, help="Width of the model [likewise].")
@click.option("--chips", required=True, type=_count, help="Number of chips.")
@click.option("--data-parallel", type=_count, help="Replicas [what the other degrees leave].")
@default_option("--tensor-parallel", type=_count, default=1, help="Chips of a layer.")
@default_option("--pipeline-parallel", type=_count, default=1, help="Number of stages.")
@default_option("--expert-parallel", type=_count, default=1, help="Ranks of experts.")
@default_option("--top-experts", type=_count, default=2, help="Experts of a token.")
@click.option("--sharded", is_flag=True, help="Weights are sharded over replicas (ZeRO 3, FSDP).")
@click.option("--adapter-rank", type=_count, help="Train a LoRA of this rank on every linear map.")
@click.option("--trainable", metavar="SIZE", help="Train so many weights: 20M.")
@default_option("--sequences", type=_count, default=16, help="Sequences of a replica in a step.")
@default_option("--sequence", type=_count, default=8192, help="Tokens of a sequence.")
@default_option(
    "--bytes", type=click.IntRange(1, 8), default=2, help="Bytes of a number that is sent."
)
@click.option("--step-seconds", type=_amount, help="Length of a step [from the arithmetic].")
@default_option("--tflops", type=_amount, default=989.0, help="TFLOP/s of a chip, dense.")
@default_option(
    "--utilisation",
    type=NumberRange(0.01, 1),
    default=0.4,
    help="Part of the TFLOP/s that is used.",
)
@default_option("--scale-up", type=_count, default=8, help="Chips that need no fabric.")
@default_option("--kw", type=_amount, default=1.3, help="kW of a chip.")
@default_option("--chips-of-rack", "of_rack", type=_count, default=32, help="Chips in a rack.")
@click.option("--at", multiple=True, metavar="HOUSE", help="A house that it runs in (repeatable).")
@default_option("--name", default="training", help="Name of the project and its product.")
@default_option("--need", type=click.IntRange(1, 120), default=1, help="Month of need.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write the tables there.")
@json_option
def demand(at: tuple[str, ...], name: str, need: int, **options: Any) -> None:
    """Print what a training job asks of the network, as rows of projects.csv and flows.csv.

    With --adapter-rank or --trainable, also print how many more chips the same network carries.
    """
    from commonplace.capacity.demand import training

    job, out = _job(options, max(1, len(set(at)))), options["out"]
    chip = training.Chip(**_fields(training.Chip, options))
    load = training.demand(job, chip)
    projects, flows = training.rows(job, name, tuple(dict.fromkeys(at)), need=need, chip=chip)
    tables = _tables(projects, flows)
    saving = _saving(job, chip)
    if out:
        _write(out, tables)
    if options["as_json"]:
        records = {"projects": projects, "flows": flows}
        rows = {name: _records(f"{name}.csv", each) for name, each in records.items()}
        print_json({**asdict(load), "shape": asdict(job.shape), **rows, "adapter": saving})
        return
    _show(job, load, saving)
    for file, text in tables.items():
        say(bold(f"\n{file}"))
        say(text.rstrip("\n"))
    if out:
        say(bold(f"\nwrote {out}"))


def _job(options: dict[str, Any], houses: int) -> "Job":
    """The job that the options describe."""
    from commonplace.capacity.demand.model_shapes import adapter_weights, count, shape
    from commonplace.capacity.demand.training import Job
    from commonplace.foundation import InputError

    model = shape(count(options["model"]))
    layers, hidden = options["layers"] or model.layers, options["hidden"] or model.hidden
    if (layers, hidden) != (model.layers, model.hidden):
        model = replace(model, layers=layers, hidden=hidden, feed_forward=4 * hidden, keys=hidden)
    if options["active"]:
        model = replace(model, active_weights=count(options["active"]))
    if options["adapter_rank"] and options["trainable"]:
        raise InputError("give --adapter-rank or --trainable, not both")
    trainable = count(options["trainable"]) if options["trainable"] else None
    if options["adapter_rank"]:
        trainable = float(adapter_weights(model, options["adapter_rank"]))
    inner = options["tensor_parallel"] * options["pipeline_parallel"]
    replicas = options["data_parallel"] or max(1, options["chips"] // inner)
    computed = {"data_parallel": replicas, "trainable": trainable, "houses": houses}
    return Job(model, **(_fields(Job, options) | computed))


def _fields(record: type[Any], options: dict[str, Any]) -> dict[str, Any]:
    """The options that are fields of a record."""
    return {field.name: options[field.name] for field in fields(record) if field.name in options}


def _saving(job: "Job", chip: "Chip") -> dict[str, Any] | None:
    """How many chips the network of full training carries when this part is trained."""
    from commonplace.capacity.demand import training

    if job.trainable is None:
        return None
    full = training.demand(replace(job, trainable=None), chip)
    fits = training.chips_that_fit(job, full.south_gbps, chip)
    chips = {"chips_that_fit": fits, "more_chips": None if fits is None else fits - job.chips}
    return {"weights": job.trainable, "full_south_gbps": full.south_gbps, **chips}


def _tables(projects: Any, flows: Any) -> dict[str, str]:
    from commonplace.capacity.plan.writing import table_text

    rows = {"projects.csv": projects, "flows.csv": flows}
    return {file: table_text(_table(file), records) for file, records in rows.items() if records}


def _table(file: str) -> "Table":
    from commonplace.capacity.plan.tables import TABLES

    return next(table for table in TABLES if table.file == file)


def _records(file: str, rows: Any) -> list[dict[str, Any]]:
    """Rows by the names of the table's columns."""
    columns = _table(file).columns
    return [{column.name: getattr(row, column.attribute) for column in columns} for row in rows]


def _write(folder: Path, tables: dict[str, str]) -> None:
    """Write the tables into a folder that has none of them."""
    from commonplace.foundation import InputError, display_path, file_errors, write_atomically

    with file_errors(f"cannot write to {display_path(folder)}"):
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in tables.items():
            if (folder / file).exists():
                raise InputError(f"{display_path(folder / file)} is there already; copy the rows")
            write_atomically(folder / file, text.encode(), shared=True)


def _show(job: "Job", load: "Demand", saving: dict[str, Any] | None) -> None:
    """Print the sums, what they come from, and what an adapter saves."""
    shape = job.shape
    about = f"{shape.layers} layers of width {shape.hidden}"
    about += ", estimated from the size; give --layers and --hidden" if shape.estimated else ""
    say(bold(f"{shape.weights / 1e9:g}B weights"), dim(f" · {about}"))
    say(f"{job.weights / 1e6:,.1f}M weights are trained · a step takes {load.step_seconds:.3g} s")
    for kind, size in load.sent.items():
        inside = "" if load.fabric[kind] else dim("  inside a scale-up domain")
        if size:
            say(f"  {kind}: {size / 1e9:,.3f} GB of each chip and step", inside)
    say(bold(f"south {load.south_gbps:,.1f} Gb/s"), f" ({load.chip_gbps:,.2f} of each chip)")
    if job.houses > 1:
        say(bold(f"north {load.north_gbps:,.1f} Gb/s"), " out of each house")
    if saving is None:
        return
    full = f"full training of {job.chips} chips asks {saving['full_south_gbps']:,.1f} Gb/s"
    if saving["chips_that_fit"] is None:
        say(f"{full}; this asks nothing of the fabric")
    else:
        many, more = f"{saving['chips_that_fit']:,} chips", saving["more_chips"]
        compared = f"{more:,} more" if more >= 0 else f"{-more:,} fewer, for its steps are shorter"
        say(f"{full}; the same network carries ", bold(many), f", {compared}")
