"""`commonplace adapter`: small files that change a model, shown, composed, resized, converted.

Notable: torch is imported when one of these verbs runs, and only then; without it they say how to
install it. Files of any size are worked on one layer at a time.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace import adapters
from commonplace.adapters.choices import FORMATS, METHODS, Format, Method
from commonplace.cli.adapter._printing import (
    show_conflicts,
    show_distances,
    show_inspection,
    show_list,
    show_retained,
)
from commonplace.cli.arguments.options import (
    NumberRange,
    default_option,
    json_option,
    library_option,
    open_library,
)
from commonplace.cli.arguments.verb import VerbGroup, verb
from commonplace.cli.terminal.output import bold, dim, print_json, say
from commonplace.foundation import InputError, display_path

if TYPE_CHECKING:
    from commonplace.adapters import Adapter

_FILE = click.Path(path_type=Path)
# To write a GGUF file the base must be known, so only `convert` offers it.
_FORMATS = [name for name in FORMATS if name != "gguf"]
_out = click.option(
    "--out", required=True, type=_FILE, metavar="FILE", help="Where to write; for PEFT a folder."
)
_overwrite = click.option("--overwrite", is_flag=True, help="Replace what is there.")
_to_option = partial(default_option, "--to", "format", default="commonplace")
_to = _to_option(type=click.Choice(_FORMATS), help="The format to write.")
_base_option = partial(click.option, "--base", type=_FILE, metavar="FILE")


@click.group(
    cls=VerbGroup,
    short_help="Look into adapters, compose, resize and convert them.",
    examples=(
        "commonplace adapter inspect notes.safetensors",
        "commonplace adapter compose a.safetensors b.safetensors:0.5 --out ab.safetensors",
    ),
)
def adapter() -> None:
    """Look into adapters (LoRA, DoRA, LoHa, LoKr), compose, resize, convert and list them."""


@verb("Say what an adapter is.", "commonplace adapter inspect notes.safetensors")
@click.argument("file", type=_FILE)
@_base_option(help="The model (GGUF file or folder) that another program's GGUF adapter is for.")
@json_option
def inspect(file: Path, base: Path | None, as_json: bool) -> None:
    """Say what an adapter is: kinds, ranks, strength by block, and where it comes from."""
    _require_torch()
    inspection = adapters.inspect(adapters.open_adapter(file, base=base))
    if as_json:
        print_json(inspection.record())
    else:
        show_inspection(file, inspection)


@verb(
    "Make one adapter of several.",
    "commonplace adapter compose a.safetensors b.safetensors:0.5 --out ab.safetensors",
    "commonplace adapter compose a.safetensors b.safetensors --by ties --out ab.safetensors",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE[:WEIGHT]...")
@default_option(
    "--by",
    "method",
    type=click.Choice(METHODS),
    default="concatenation",
    help="How; docs/adapters.md says what each does.",
)
@click.option("--rank", type=click.IntRange(1), metavar="N", help="Of the result.")
@click.option(
    "--density",
    type=NumberRange(0, 1, min_open=True),
    default=0.5,
    metavar="PART",
    help="What ties and dare keep [0.5].",
)
@click.option("--seed", type=int, default=0, metavar="N", help="Of dare's choice [0].")
@_base_option(
    help="The base model's safetensors (or their folder): for DoRA, and for modules' names."
)
@_to
@_out
@_overwrite
def compose(
    files: tuple[str, ...],
    method: Method,
    rank: int | None,
    density: float,
    seed: int,
    base: Path | None,
    format: Format,
    out: Path,
    overwrite: bool,
) -> None:
    """Make one adapter of several, and say where they fight and what is left of each."""
    _require_torch()
    parts = _open_parts(files)
    weights = None if base is None else adapters.open_weights(base)
    composed = adapters.compose(
        list(parts.values()), method, rank=rank, density=density, seed=seed, base=weights
    )
    show_conflicts(adapters.conflicts({name: part for name, (part, _) in parts.items()}, weights))
    adapters.save_adapter(composed, out, format=format, overwrite=overwrite)
    result = adapters.open_adapter(out)  # what was written is measured, so rounding counts
    show_retained(adapters.retained_shares(result, parts, weights))
    say(bold(f"wrote {out}"), dim(f" · {len(result.layers)} layers"))


@verb(
    "Change an adapter's rank.",
    "commonplace adapter resize notes.safetensors --rank 4 --out small.safetensors",
    "commonplace adapter resize notes.safetensors --energy 0.95 --out small.safetensors",
)
@click.argument("file", type=_FILE)
@click.option("--rank", type=click.IntRange(1), metavar="N", help="At most this rank.")
@click.option(
    "--energy",
    type=NumberRange(0, 1, min_open=True),
    metavar="PART",
    help="The least rank of each layer that keeps this part of its energy.",
)
@_to
@_out
@_overwrite
def resize(
    file: Path, rank: int | None, energy: float | None, format: Format, out: Path, overwrite: bool
) -> None:
    """Change an adapter's rank by SVD, and say what was lost."""
    _require_torch()
    before = adapters.open_adapter(file)
    resized = adapters.resize(before, rank, energy)
    adapters.save_adapter(resized, out, format=format, overwrite=overwrite)
    after = adapters.open_adapter(out)
    show_distances(adapters.compare(_without_magnitudes(before), _without_magnitudes(after)))
    say(bold(f"wrote {out}"), dim(f" · {len(after.layers)} layers"))


@verb(
    "Write an adapter in another format.",
    "commonplace adapter convert notes.safetensors --to peft --out notes",
    "commonplace adapter convert kohya.safetensors --base model.safetensors --to peft --out folder",
    "commonplace adapter convert flux.safetensors --flux --to diffusers --out out.safetensors",
    "commonplace adapter convert notes.safetensors --to gguf --base model.gguf --out notes.gguf",
)
@click.argument("file", type=_FILE)
@_base_option(
    help="The base model: its safetensors, for modules' names; its GGUF file, or its folder with "
    "config.json, for GGUF adapters [the one that it was trained on, if it is in the cache]."
)
@click.option(
    "--flux",
    is_flag=True,
    help="It is one for Flux: fused weights for kohya, one each for the others.",
)
@_to_option(type=click.Choice(FORMATS), help="The format to write; gguf is llama.cpp's.")
@_out
@_overwrite
def convert(
    file: Path, base: Path | None, flux: bool, format: Format, out: Path, overwrite: bool
) -> None:
    """Write an adapter in another format, without loss; what the format cannot say is refused."""
    _require_torch()
    llama = format == "gguf" or file.suffix.lower() == ".gguf"
    adapter = adapters.open_adapter(file, base=base if llama else None)
    if flux:
        to_kohya = format == "kohya"
        adapter = (adapters.flux_to_kohya if to_kohya else adapters.flux_to_diffusers)(adapter)
    if base is not None and not llama:
        adapter = adapters.with_names(adapter, adapters.open_weights(base).modules)
    if format == "gguf" and base is None:
        base = _cached_gguf(adapter.provenance.base)
    adapters.save_adapter(adapter, out, format=format, overwrite=overwrite, base=base)
    say(bold(f"wrote {out}"), dim(f" · {len(adapter.layers)} layers"))


def _cached_gguf(name: str) -> Path | None:
    """The GGUF file of a model of the catalogue, if it was fetched already."""
    from commonplace.models import CATALOGUE, is_present, locate

    entry = CATALOGUE.get(name)
    if entry is None or not entry.weights.name.endswith(".gguf") or not is_present(entry):
        return None
    return locate(entry) / entry.weights.name


@verb("List adapters, and which are stale.", "commonplace adapter list adapters/")
@click.argument("paths", nargs=-1, type=_FILE, metavar="[PATH]...")
@json_option
@library_option
def list_(paths: tuple[Path, ...], as_json: bool) -> None:
    """List the adapters at or under PATHS [this folder]; stale: its training items changed.

    A library is opened only if an adapter says that it was trained on items of one.
    """
    _require_torch()
    contents = cache(lambda: open_library().contents())
    rows = [_row(file, contents) for file in _adapter_files(paths or (Path(),))]
    if as_json:
        print_json({"adapters": rows})
    else:
        show_list(rows)


def _row(file: Path, contents: Callable[[], Mapping[str, str]]) -> dict[str, Any]:
    """The row of one file; a file that is no adapter has a reason."""
    try:
        adapter = adapters.open_adapter(file)
    except InputError as error:
        return {"path": str(file), "reason": str(error)}
    provenance = adapter.provenance
    stale = provenance.stale(contents()) if provenance.trained_on else ()
    return {
        "path": str(file),
        "base": provenance.base,
        "layers": len(adapter.layers),
        "trained_on": len(provenance.trained_on),
        "stale": [item.id for item in stale],
    }


def _adapter_files(paths: tuple[Path, ...]) -> list[Path]:
    """Files of tensors at or under the paths; PEFT's folder stands for its file."""
    from commonplace.models import is_gguf_adapter

    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"there is nothing at {display_path(path)}")
        under = [path]
        if path.is_dir():
            under = sorted(path.rglob("*.safetensors"))
            # Most GGUF files are models; each is opened to see.
            under += filter(is_gguf_adapter, sorted(path.rglob("*.gguf")))
        files += [
            file.parent if file.name == "adapter_model.safetensors" else file for file in under
        ]
    return list(dict.fromkeys(files))


def _open_parts(files: tuple[str, ...]) -> "dict[str, tuple[Adapter, float]]":
    """The adapters with their weights, by the names of their files, each different."""
    parts: dict[str, tuple[Adapter, float]] = {}
    for text in files:
        name, part = _open_part(text)
        parts[name if name not in parts else f"{name} ({len(parts) + 1})"] = part
    return parts


def _open_part(text: str) -> "tuple[str, tuple[Adapter, float]]":
    """Open FILE or FILE:WEIGHT: a name, the adapter and its weight."""
    file, _, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        file, weight = text, 1.0
    if not file or Path(text).exists():  # a file may be named "style:0.5"
        file, weight = text, 1.0
    return Path(file).stem, (adapters.open_adapter(file), weight)


def _without_magnitudes(adapter: "Adapter") -> "Adapter":
    """Leave out DoRA's magnitudes, which resizing does not change."""
    return adapter.map(lambda _, layer: dataclasses.replace(layer, magnitude=None))


def _require_torch() -> None:
    """Import torch, without which nothing here works.

    Raises:
        InputError: torch is not installed.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise InputError(
            "adapters need torch, which is not installed: run pip install 'commonplace[adapt]'"
        ) from error


adapter.add_command(inspect, "inspect")
adapter.add_command(compose, "compose")
adapter.add_command(resize, "resize")
adapter.add_command(convert, "convert")
adapter.add_command(list_, "list")
