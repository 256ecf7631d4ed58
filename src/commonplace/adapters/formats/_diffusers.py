"""diffusers' files: PEFT's tensors below a component's name, PEFT's configs in the header.

Notable: names begin with the part of the pipeline ("unet.", "transformer.", "text_encoder.").
Rank and alpha stand in the header as `lora_adapter_metadata`, one config for each part; files from
before that (and those of trainers that do not write it) mean a scale of 1. Text encoders may have
the older spelling `lora_linear_layer.up.weight`. Source: diffusers 0.42, loaders/lora_base.py.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor

from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.formats import _keys, _lycoris, _peft
from commonplace.foundation import InputError

KEY: Final = "lora_adapter_metadata"
PARTS: Final = (
    "unet",
    "transformer",
    "transformer_2",
    "text_encoder",
    "text_encoder_2",
    "text_encoder_3",
)


def group(keys: Mapping[str, Any]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The keys by module and suffix, and those that are none of a layer's."""
    current, remaining = _keys.group(tuple(keys), _peft.split)
    older, unmapped = _keys.group(tuple(remaining), _lycoris.split)
    modules = {module: dict(suffixes) for module, suffixes in current.items()}
    for module, suffixes in older.items():
        modules.setdefault(module, {}).update(suffixes)
    return modules, unmapped


def read_configs(metadata: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The config of each part, by the part's name; "" where one is for the whole file.

    Raises:
        InputError: the header's record is broken.
    """
    try:
        record = json.loads(metadata[KEY])
        if "r" in record:
            return {"": record}
        configs: dict[str, dict[str, Any]] = {}
        for name, value in record.items():
            part, _, key = name.partition(".")
            configs.setdefault(part, {})[key] = value
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"the header's {KEY} cannot be read: {error}") from error
    return configs


def read_layer(
    module: str, tensors: Mapping[str, Tensor], configs: Mapping[str, Mapping[str, Any]]
) -> Layer:
    """The layer of one module's tensors, by suffix, with its part's config."""
    part, _, inside = module.partition(".")
    config = configs.get(part, configs.get(""))
    if config is None:
        raise InputError(f"the header's {KEY} says nothing of {part}, so of its alpha")
    _peft.check_config(config)
    tensors = {_PEFT_SPELLING.get(suffix, suffix): tensor for suffix, tensor in tensors.items()}
    return _peft.read_layer(inside, tensors, {"peft_type": "LORA", **config})


def add_layer(configs: dict[str, _peft.Config], module: str, layer: Layer) -> dict[str, Tensor]:
    """Add a layer to its part's config; returns its tensors by key.

    Raises:
        InputError: the name begins with no part, or the kind is none of diffusers'.
    """
    part, _, inside = module.partition(".")
    if part not in PARTS or not inside:
        raise InputError(
            f"{module} begins with no part of a pipeline ({', '.join(PARTS)}); name the base "
            "model's folder, so that the parts are known"
        )
    if layer.algebra != "lora":
        raise InputError(f"{module} is a {layer.kind}, diffusers' files hold LoRA and DoRA")
    tensors = configs.setdefault(part, _peft.Config()).add_layer(inside, layer)
    return {f"{part}.{key.removeprefix(_peft.PREFIX)}": tensor for key, tensor in tensors.items()}


def to_metadata(configs: Mapping[str, _peft.Config], base: str) -> dict[str, str]:
    """The header's record."""
    record = {
        f"{part}.{key}": value
        for part, config in configs.items()
        for key, value in config.record(base).items()
    }
    return {KEY: json.dumps(record, indent=2, sort_keys=True)}


_PEFT_SPELLING: Final = {
    "lora_linear_layer.up.weight": "lora_B.weight",
    "lora_linear_layer.down.weight": "lora_A.weight",
    "lora.up.weight": "lora_B.weight",
    "lora.down.weight": "lora_A.weight",
}
