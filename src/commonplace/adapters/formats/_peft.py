"""PEFT's files: a folder with `adapter_config.json` and `adapter_model.safetensors`.

Notable: rank, alpha and the kind stand in the config, by patterns on module names, not in the
tensors; what the config asks for and the tensors do not show (another bias, saved modules) is an
error that names it. Writing says each exception by the module's full name, so that PEFT reads back
exactly what was written; what PEFT cannot say is refused. Source: peft 0.21, tuners/lora, loha
and lokr.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from torch import Tensor

from commonplace.adapters.algebra.layer import Algebra, Layer
from commonplace.adapters.formats._peft_blocks import BlockFactors, possible_factors
from commonplace.foundation import InputError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX: Final = "base_model.model."
_TYPES: Final[Mapping[str, Algebra]] = {"LORA": "lora", "LOHA": "loha", "LOKR": "lokr"}
_ALPHA_NAMES: Final = {"LORA": "lora_alpha", "LOHA": "alpha", "LOKR": "alpha"}
_DEFAULT: Final = 8  # PEFT's r, and its alpha
_LORA: Final = {
    "lora_A.weight": "down",
    "lora_B.weight": "up",
    "lora_embedding_A": "down",
    "lora_embedding_B": "up",
    "lora_B.bias": "bias",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude_vector.weight": "magnitude",  # older files
}
_UNSUPPORTED: Final = (
    "fan_in_fan_out",
    "layer_replication",
    "trainable_token_indices",
    "alora_invocation_tokens",
)
_LYCORIS: Final = re.compile(r"(hada|lokr)_(w[12](?:_[ab])?|t[12])")


def split(key: str) -> tuple[str, str | None]:
    """The module and the suffix of a key; None where it has none that is known."""
    name = key.removeprefix(PREFIX)
    for suffix in _LORA:
        if name.endswith(f".{suffix}"):
            return name[: -len(suffix) - 1], suffix
    module, _, last = name.rpartition(".")
    return (module, last) if module and _LYCORIS.fullmatch(last) else (name, None)


def read_layer(module: str, tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> Layer:
    """The layer of one module's tensors, by suffix, with the config's rank and alpha."""
    kind = str(config.get("peft_type", "")).upper()
    if kind not in _TYPES:
        raise InputError(f"a PEFT adapter of type {kind or 'none'}; LORA, LOHA and LOKR are read")
    rank = int(_pattern(config.get("rank_pattern"), module, config.get("r", _DEFAULT)))
    alpha = _pattern(config.get("alpha_pattern"), module, config.get(_ALPHA_NAMES[kind], _DEFAULT))
    stabilised = kind == "LORA" and bool(config.get("use_rslora"))
    roles = {
        _LORA.get(suffix, suffix.partition("_")[2]): tensor for suffix, tensor in tensors.items()
    }
    magnitude, bias = roles.pop("magnitude", None), roles.pop("bias", None)
    embedding = "lora_embedding_A" in tensors
    if embedding:  # [r, entries] and [size, r], for a weight [entries, size]
        roles = {"up": roles["down"].T, "down": roles["up"].T}
        magnitude = None if magnitude is None else magnitude.reshape(1, -1)
    elif magnitude is not None:
        magnitude = magnitude.reshape(-1, *[1] * (max(roles["down"].ndim, 2) - 1))
    if "up" in roles and roles["up"].shape[1] != rank:
        raise InputError(f"{module} has rank {roles['up'].shape[1]}, its config says {rank}")
    try:
        return Layer(
            algebra=_TYPES[kind],
            factors=roles,
            alpha=float(alpha),
            rank=rank,
            stabilised=stabilised,
            magnitude=magnitude,
            bias=bias,
            embedding=embedding,
        )
    except InputError as error:
        raise InputError(f"{module}: {error}") from error


def check_config(config: Mapping[str, Any]) -> None:
    """Raise InputError where the config asks for what is not in the contract."""
    for name in _UNSUPPORTED:
        if config.get(name):
            raise InputError(f"the adapter's config sets {name}, which is not supported")
    if config.get("bias", "none") != "none":
        raise InputError(
            f"the adapter's config trains the base's biases (bias={config['bias']}); "
            "only lora_bias is supported"
        )


@dataclass(frozen=True)
class _LayerConfig:
    """What PEFT's config holds of one layer."""

    algebra: Algebra
    flags: tuple[bool, bool, bool]  # rsLoRA, DoRA, bias
    tucker: bool  # LoHa, LoKr
    rank: int
    alpha: float
    blocks: dict[BlockFactors, int] | None  # LoKr: the rank by the factors that give its blocks


class Config:
    """PEFT's config, put together while the layers are written."""

    def __init__(self) -> None:
        self.layers: dict[str, _LayerConfig] = {}

    def add_layer(self, module: str, layer: Layer) -> dict[str, Tensor]:
        """Add a layer; returns its tensors by PEFT's keys.

        Raises:
            InputError: PEFT has no way to say it.
        """
        _refuse(module, layer)
        self.layers[module] = _LayerConfig(
            algebra=layer.algebra,
            flags=(layer.stabilised, layer.magnitude is not None, layer.bias is not None),
            tucker="t2" in layer.factors,
            rank=layer.rank,
            alpha=layer.alpha,
            blocks=possible_factors(layer) if layer.algebra == "lokr" else None,
        )
        tensors = _embedding_tensors(layer) if layer.embedding else _plain_tensors(layer)
        return {f"{PREFIX}{module}.{suffix}": tensor for suffix, tensor in tensors.items()}

    def record(self, base: str) -> dict[str, Any]:
        """The object of `adapter_config.json`.

        Raises:
            InputError: the layers are of several kinds, which PEFT's config cannot say.
        """
        kinds = {(config.algebra, *config.flags) for config in self.layers.values()}
        if len(kinds) != 1:
            raise InputError(
                "PEFT has one kind for a whole adapter, this one has several; "
                "write it in the program's own format"
            )
        algebra, stabilised, decomposed, biased = kinds.pop()
        configs, settings = self._common_settings()
        rank = _commonest(config.rank for config in configs.values())
        alpha = _commonest(config.alpha for config in configs.values())
        kind = next(name for name, peft_algebra in _TYPES.items() if peft_algebra == algebra)
        lora = {"use_rslora": stabilised, "use_dora": decomposed, "lora_bias": biased}
        return {
            "peft_type": kind,
            "base_model_name_or_path": base or None,
            "bias": "none",
            "inference_mode": True,
            "target_modules": sorted(self.layers),
            "r": rank,
            _ALPHA_NAMES[kind]: _number(alpha),
            "rank_pattern": {
                _exact(name): config.rank for name, config in configs.items() if config.rank != rank
            },
            "alpha_pattern": {
                _exact(name): _number(config.alpha)
                for name, config in configs.items()
                if config.alpha != alpha
            },
            **(lora if kind == "LORA" else {}),
            **settings,
        }

    def _common_settings(self) -> tuple[dict[str, _LayerConfig], dict[str, Any]]:
        """The settings that PEFT has once for all layers, and each layer's config under them.

        Raises:
            InputError: no one setting fits all layers.
        """
        tucker = any(config.tucker for config in self.layers.values())
        settings: dict[str, Any] = {"use_effective_conv2d": True} if tucker else {}
        blocks = [config.blocks for config in self.layers.values() if config.blocks is not None]
        if not blocks:
            return self.layers, settings
        common = [factors for factors in blocks[0] if all(factors in each for each in blocks)]
        if not common:
            raise InputError(
                "PEFT divides all weights into LoKr's blocks by one rule, and none gives these; "
                "write it in the program's own format"
            )
        settings |= {"decompose_both": common[0][0], "decompose_factor": common[0][1]}
        configs = {name: _with_rank(config, common[0]) for name, config in self.layers.items()}
        return configs, settings


def _pattern(patterns: Mapping[str, float] | None, module: str, default: float) -> float:
    """PEFT's rule: a pattern matches a module's name, or what ends it after a dot."""
    for pattern, value in (patterns or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            return value
    return default


def _exact(module: str) -> str:
    """A pattern for this one module: PEFT's own rule would also take any name that ends so."""
    return f"^{re.escape(module)}"


def _with_rank(config: _LayerConfig, factors: BlockFactors) -> _LayerConfig:
    assert config.blocks is not None
    rank = config.blocks[factors]
    return replace(config, rank=rank, alpha=config.alpha * rank / config.rank)


def _refuse(module: str, layer: Layer) -> None:
    """Raise InputError for what PEFT has no tensors for."""
    reason = ""
    if layer.algebra == "full":
        reason = "is a full difference; take its SVD to a rank first"
    elif "mid" in layer.factors:
        reason = "is a LoRA with Tucker factors, which PEFT has not"
    elif layer.magnitude is not None and layer.algebra != "lora":
        reason = f"is a {layer.kind}, PEFT has DoRA on LoRA only"
    elif layer.magnitude is not None and layer.bias is not None:
        reason = "is a DoRA with a bias, PEFT has either"
    if reason:
        raise InputError(f"{module} {reason}; write it in the program's own format")


def _plain_tensors(layer: Layer) -> dict[str, Tensor]:
    """The tensors by PEFT's suffixes, for all but embeddings."""
    if layer.algebra != "lora":
        prefix = {"loha": "hada", "lokr": "lokr"}[layer.algebra]
        return {f"{prefix}_{name}": tensor for name, tensor in layer.factors.items()}
    down, magnitude = layer.factors["down"], layer.magnitude
    ones = [1] * (down.ndim - 2)
    tensors = {
        "lora_A.weight": down,
        "lora_B.weight": layer.factors["up"].flatten(1).reshape(-1, down.shape[0], *ones),
    }
    if magnitude is not None:
        _by_row(layer, magnitude)
        tensors["lora_magnitude_vector"] = magnitude.reshape([1, -1, *ones] if ones else [-1])
    if layer.bias is not None:
        tensors["lora_B.bias"] = layer.bias
    return tensors


def _embedding_tensors(layer: Layer) -> dict[str, Tensor]:
    """PEFT keeps an embedding's factors transposed, and a number for each of its columns."""
    if layer.algebra != "lora" or layer.bias is not None:
        raise InputError(f"PEFT has no {layer.kind} of an embedding")
    up, down = layer.factors["up"], layer.factors["down"]
    tensors = {"lora_embedding_A": up.T, "lora_embedding_B": down.T}
    if layer.magnitude is not None:
        if layer.magnitude.numel() != down.shape[1]:
            raise InputError("PEFT's DoRA of an embedding has a number for each column, not row")
        tensors["lora_magnitude_vector"] = layer.magnitude.reshape(-1)
    return tensors


def _by_row(layer: Layer, magnitude: Tensor) -> None:
    if magnitude.shape[0] != magnitude.numel() or len(magnitude) != len(layer.factors["up"]):
        raise InputError(
            "the DoRA has a number for each input (an older LyCORIS file), PEFT has one for each "
            "output; write it in the program's own format"
        )


def _commonest(values: Iterable[Any]) -> Any:
    return Counter(values).most_common(1)[0][0]


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value
