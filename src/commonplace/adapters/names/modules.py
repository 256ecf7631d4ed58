"""Which modules of a model an adapter is for, and how a file's names find them.

Notable: modules are chosen by glob patterns on their names ("*.q_proj") or "all-linear", which is
all but a language model's output layer, as in PEFT (it is often the embedding too). A file's name
is a module's name, or that name with underscores for dots, after kohya's prefix; two modules that
one name could mean are an error, never a guess.
"""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from torch import Tensor, nn

from commonplace.adapters.names.sdxl import diffusers_name
from commonplace.foundation import InputError

SUPPORTED: Final = (nn.Linear, nn.Embedding, nn.Conv1d, nn.Conv2d)
MERGED: Final = "_commonplace_merged"  # the attribute of a module with adapters in its weights
ALL_LINEAR: Final = "all-linear"
# What kohya's names begin with, and the part of a pipeline that it means, if one was named.
_PARTS: Final = {
    "lora_unet_": "unet_",
    "lora_transformer_": "transformer_",
    "lora_te_": "text_encoder_",
    "lora_te1_": "text_encoder_",
    "lora_te2_": "text_encoder_2_",
    "lora_te3_": "text_encoder_3_",
    "lycoris_": "",
}
_INNER: Final = "diffusion_model."  # ComfyUI's name of the network inside a pipeline
KOHYA_PREFIXES: Final = tuple(_PARTS)


def choose_modules(model: nn.Module, patterns: str | Sequence[str]) -> dict[str, nn.Module]:
    """The supported modules whose names match one of the patterns, by name.

    Raises:
        InputError: a pattern matches no module that an adapter can change.
    """
    candidates = {
        name: module for name, module in model.named_modules() if isinstance(module, SUPPORTED)
    }
    selected: dict[str, nn.Module] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        matches = _matching(candidates, pattern, _output_layer(model))
        if not matches:
            raise InputError(_no_match(model, pattern, list(candidates)))
        selected.update(matches)
    return {name: module for name, module in candidates.items() if name in selected}


def resolve(names: Iterable[str], modules: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Find the module that each name of a file means, and the names that mean none.

    Raises:
        InputError: a name could mean two modules.
    """
    module_names, layer_names = list(modules), list(names)
    exact = set(module_names)
    # Most files name modules as the model does; then the table is not needed.
    flattened = {} if exact.issuperset(layer_names) else _by_flat_name(module_names)
    module_of: dict[str, str] = {}
    missing: list[str] = []
    for name in layer_names:
        matches = (flattened.get(spelling, set()) for spelling in _spellings(name))
        candidates = {name} if name in exact else set().union(*matches)
        if len(candidates) > 1:
            raise InputError(f"{name} could mean {' or '.join(sorted(candidates))}; rename it")
        if candidates:
            module_of[name] = next(iter(candidates))
        else:
            missing.append(name)
    return module_of, missing


def unwrap(model: nn.Module) -> nn.Module:
    """The model itself, where torch.compile wrapped it."""
    inner = getattr(model, "_orig_mod", model)
    assert isinstance(inner, nn.Module)
    return inner


def version_of(tensor: Tensor) -> int:
    """How often a tensor was changed in place; those of inference mode do not count it."""
    return 0 if tensor.is_inference() else tensor._version


def weight_of(module: nn.Module) -> Tensor:
    """The weight of a module that adapters can change."""
    weight = module.weight
    assert isinstance(weight, Tensor)
    return weight


def _matching(
    candidates: Mapping[str, nn.Module], pattern: str, output: nn.Module | None
) -> dict[str, nn.Module]:
    if pattern == ALL_LINEAR:
        return {
            name: module
            for name, module in candidates.items()
            if isinstance(module, nn.Linear) and module is not output
        }
    return {name: module for name, module in candidates.items() if fnmatchcase(name, pattern)}


def _output_layer(model: nn.Module) -> nn.Module | None:
    """The layer that gives a score for each token, where a model of transformers names one."""
    get_output = getattr(model, "get_output_embeddings", None)
    output = get_output() if callable(get_output) else None
    return output if isinstance(output, nn.Module) else None


def _no_match(model: nn.Module, pattern: str, candidates: list[str]) -> str:
    for name, module in model.named_modules():
        if name and fnmatchcase(name, pattern):
            return (
                f"{name} is a {type(module).__name__}; adapters change Linear, Embedding, Conv1d "
                "and Conv2d"
            )
    near = get_close_matches(pattern, candidates, n=1, cutoff=0)
    hint = f"; the model has {near[0]}, for example" if near else "; the model has none to adapt"
    return f"no module is named {pattern}{hint}"


def _by_flat_name(modules: Iterable[str]) -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for name in modules:
        table.setdefault(name.replace(".", "_"), set()).add(name)
    return table


def _spellings(name: str) -> list[str]:
    """What a file's name may be with underscores for dots: inside a part, or with the part."""
    for prefix, part in _PARTS.items():
        if name.startswith(prefix):
            inside = name.removeprefix(prefix)
            renamed = diffusers_name(inside) or inside  # SDXL's original names
            return list(dict.fromkeys([inside, f"{part}{inside}", renamed, f"{part}{renamed}"]))
    return [name.removeprefix(_INNER).replace(".", "_") if name.startswith(_INNER) else name]
