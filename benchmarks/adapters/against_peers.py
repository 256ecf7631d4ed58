"""The errors of PEFT, diffusers and this program in composing, merging and converting adapters.

Each row is one operation that should change nothing, or should be what it says; the figure is the
relative error of a small network's outputs, in float64.

Needs peft and diffusers (pip install '.[dev]').

    python -m benchmarks.adapters.against_peers [--json FILE]
"""

import importlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peft
import torch
from torch import Tensor, nn

from benchmarks.scaffold import argument_parser, report
from commonplace import adapters
from commonplace.foundation import InputError

TARGETS = ["first", "second"]


class Network(nn.Module):
    """Two linear layers: [n, 24] -> [n, 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(24, 32), nn.Linear(32, 16)

    def forward(self, x: Tensor) -> Tensor:
        """Inputs [n, 24] to outputs [n, 16]."""
        out: Tensor = self.second(torch.tanh(self.first(x)))
        return out


def network() -> Network:
    """The same network each time."""
    torch.manual_seed(0)
    return Network().double()


def inputs() -> Tensor:
    """The same inputs each time."""
    return torch.randn(64, 24, generator=torch.Generator().manual_seed(1)).double()


def peft_model(seed: int = 0, **options: Any) -> Any:
    """PEFT around the network, its factors random."""
    config = peft.LoraConfig(**{"r": 4, "target_modules": TARGETS, **options})
    model = peft.get_peft_model(network(), config).double()
    fill(model, seed)
    return model


def fill(model: Any, seed: int, name: str = "default") -> None:
    """Random factors, as after training."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if name in key and "magnitude" in key:
                parameter.mul_(1 + 0.3 * torch.randn(parameter.shape, generator=random).tanh())
            elif name in key:
                parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.3)


def adapted_output(worn: list[tuple[adapters.Adapter, float]]) -> Tensor:
    """Outputs of the network that wears these adapters."""
    model = network()
    for adapter, strength in worn:
        adapters.attach(model, adapter, strength)
    out: Tensor = model(inputs())
    return out.detach()


def relative_error(actual: Tensor, expected: Tensor) -> float:
    """The relative error."""
    return float((actual - expected).norm() / expected.norm())


def file_error(path: Path, expected: Tensor) -> float:
    """The relative error of the outputs with a file, its layers named as the network's."""
    return relative_error(adapted_output([(with_module_names(path), 1.0)]), expected)


def save_and_open(model: Any, folder: Path) -> adapters.Adapter:
    """What PEFT wrote, opened here."""
    model.save_pretrained(folder)
    return adapters.open_adapter(folder)


def single_adapter(folder: Path, **options: Any) -> tuple[float, float]:
    """One adapter composed alone at weight 1."""
    model = peft_model(**options)
    expected, adapter = model(inputs()).detach(), save_and_open(model, folder)
    model.add_weighted_adapter(["default"], [1.0], "sum", combination_type="svd")
    model.set_adapter("sum")
    composed = adapters.compose([(adapter, 1.0)], "svd", rank=4)
    own_output = adapted_output([(composed, 1.0)])
    return relative_error(model(inputs()).detach(), expected), relative_error(own_output, expected)


def two_doras(folder: Path, merged_as: tuple[str, str]) -> tuple[float, float]:
    """Two DoRAs merged, beside the same two worn (first "default", then "other")."""
    model = peft_model(use_dora=True, lora_alpha=8)
    model.add_adapter("other", peft.LoraConfig(r=4, target_modules=TARGETS, use_dora=True))
    model.double()
    fill(model, 5, "other")
    first = save_and_open(model, folder)
    second = adapters.open_adapter(folder / "other")
    model.base_model.set_adapter(["default", "other"])
    expected = model(inputs()).detach()
    model.base_model.set_adapter(list(merged_as))
    model.merge_adapter(adapter_names=list(merged_as))
    merged = network()
    adapters.merge(merged, [(second, 1.0), (first, 1.0)])
    worn = adapted_output([(first, 1.0), (second, 1.0)])
    peer_error = relative_error(model(inputs()).detach(), expected)
    return peer_error, relative_error(merged(inputs()).detach(), worn)


def through_kohya(folder: Path, **options: Any) -> tuple[float | str, float]:
    """From diffusers to kohya: the file read here, against what it was made of."""
    model = peft_model(**options)
    adapter, expected = save_and_open(model, folder), model(inputs()).detach()
    adapters.save_adapter(adapter, folder / "ours.safetensors", format="kohya")
    own_error = file_error(folder / "ours.safetensors", expected)
    return diffusers_to_kohya(model, folder, expected), own_error


def diffusers_to_kohya(model: Any, folder: Path, expected: Tensor) -> float | str:
    """What diffusers writes for kohya."""
    from safetensors.torch import save_file

    convert: Any = importlib.import_module("diffusers.utils").convert_state_dict_to_kohya
    prefix = "base_model.model."
    state = {
        f"unet.{key.removeprefix(prefix)}": tensor.contiguous()
        for key, tensor in peft.get_peft_model_state_dict(model).items()
    }
    try:
        save_file(convert(state), folder / "theirs.safetensors")
        return file_error(folder / "theirs.safetensors", expected)
    except InputError as error:
        keys = str(error).rpartition(": ")[2]
        return f"malformed keys: {keys}"


def read_kohya(folder: Path, adapter: adapters.Adapter) -> tuple[float | str, float]:
    """A kohya file with an adapter for a U-Net, as diffusers and as this program read it."""
    expected, path = adapted_output([(adapter, 1.0)]), folder / "kohya.safetensors"
    adapters.save_adapter(adapter, path, format="kohya")
    try:
        peer_output = adapted_output([(read_by_diffusers(path, folder), 1.0)])
        peer_error: float | str = relative_error(peer_output, expected)
    except ValueError as error:
        peer_error = f"ValueError: {' '.join(str(error).split())[:60]}..."
    return peer_error, file_error(path, expected)


def read_by_diffusers(path: Path, folder: Path) -> adapters.Adapter:
    """What diffusers makes of a kohya file: LoRA's factors by module, and alphas."""
    from safetensors.torch import load_file, save_file

    logging.getLogger("diffusers").setLevel(logging.ERROR)  # its warning is known
    loaders: Any = importlib.import_module("diffusers.loaders")
    state, alphas = loaders.StableDiffusionLoraLoaderMixin.lora_state_dict(load_file(path))
    tensors: dict[str, Tensor] = {}
    for module in TARGETS:
        for role in ("up", "down"):
            key = next(name for name in state if f".{module}." in name and f".{role}." in name)
            tensors[f"lora_unet_{module}.lora_{role}.weight"] = state[key].contiguous()
        alpha = next(value for key, value in alphas.items() if f".{module}." in key)
        tensors[f"lora_unet_{module}.alpha"] = torch.tensor(alpha)
    save_file(tensors, folder / "read.safetensors")
    return with_module_names(folder / "read.safetensors")


def a_dora(folder: Path) -> tuple[float | str, float]:
    """A kohya file with `dora_scale`."""
    adapter = save_and_open(peft_model(use_dora=True, lora_alpha=8), folder / "peft")
    return read_kohya(folder, adapter)


def a_lokr(folder: Path) -> tuple[float | str, float]:
    """A LyCORIS file with LoKr's keys."""
    fresh = adapters.create(network(), TARGETS, kind="lokr", rank=2)
    random = torch.Generator().manual_seed(3)

    def draw(tensor: Tensor) -> Tensor:
        return torch.randn(tensor.shape, generator=random).double() * 0.3

    drawn = {name: layer.map(draw) for name, layer in fresh.layers.items()}
    return read_kohya(folder, adapters.Adapter(drawn))


def with_module_names(path: Path) -> adapters.Adapter:
    """The adapter with the network's names for its layers."""
    return adapters.with_names(adapters.open_adapter(path), TARGETS)


ROWS: dict[str, Callable[[Path], tuple[float | str, float]]] = {
    "PEFT: one rsLoRA alone at weight 1": lambda f: single_adapter(
        f, use_rslora=True, lora_alpha=8
    ),
    "PEFT: one LoRA with bias alone at weight 1": lambda f: single_adapter(f, lora_bias=True),
    "PEFT: one DoRA alone at weight 1": lambda f: single_adapter(f, use_dora=True),
    "PEFT: two DoRAs merged": lambda f: two_doras(f, ("default", "other")),
    "PEFT: two DoRAs merged in another order": lambda f: two_doras(f, ("other", "default")),
    "diffusers to kohya: rank 4, alpha 2": lambda f: through_kohya(f, lora_alpha=2),
    "diffusers to kohya: rank 4, alpha 16": lambda f: through_kohya(f, lora_alpha=16),
    "diffusers to kohya: DoRA": lambda f: through_kohya(f, use_dora=True, lora_alpha=8),
    "diffusers reads kohya: DoRA": a_dora,
    "diffusers reads LyCORIS: LoKr": a_lokr,
}


def rows() -> Iterator[tuple[str, float | str, float]]:
    """Each operation, theirs and ours."""
    for name, run in ROWS.items():
        with tempfile.TemporaryDirectory() as folder:
            yield name, *run(Path(folder))


def main() -> None:
    """Print the table."""
    options = argument_parser(__doc__).parse_args()
    warnings.simplefilter("ignore")
    versions = ", ".join(f"{name} {version(name)}" for name in ("peft", "diffusers"))
    results = list(rows())
    lines = [versions, "| operation | theirs | ours |", "|---|---|---|"]
    for name, peer_error, own_error in results:
        peer_text = peer_error if isinstance(peer_error, str) else f"{peer_error:.2g}"
        lines.append(f"| {name} | {peer_text} | {own_error:.1g} |")
    report(options, [list(row) for row in results], lines)


if __name__ == "__main__":
    main()
