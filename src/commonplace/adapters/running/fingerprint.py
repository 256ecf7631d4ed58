"""Which base a model is: a hash of its weights, quick enough to take at every attach.

Notable: values are taken as bfloat16, so that a model has one fingerprint in float32 and in
bfloat16 (in float16 or quantised it is another base). Of a large tensor evenly spread values are
taken: a fine-tune that touches a few rows only may keep the fingerprint. It is remembered while the
parameters are where they were, at the versions that they had, and one value of each is the same
(an edit through `.data`, such as another program's merge, counts no version).
"""

import hashlib
from collections.abc import MutableMapping, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from commonplace.adapters.names.modules import version_of

_CACHE: Final[MutableMapping[nn.Module, tuple[tuple[float, ...], str]]] = WeakKeyDictionary()
_MOST_VALUES: Final = 1 << 16  # of one tensor


def fingerprint(model: nn.Module) -> str:
    """The sha256 of the names, shapes and (spread) values of a model's parameters, in hex."""
    parameters = sorted(model.named_parameters())
    state = _state([parameter for _, parameter in parameters])
    if model not in _CACHE or _CACHE[model][0] != state:
        digest = hashlib.sha256()
        for name, parameter in parameters:
            digest.update(f"{name} {list(parameter.shape)}\n".encode())
            digest.update(_bytes(parameter.detach()))
        _CACHE[model] = (state, digest.hexdigest())
    return _CACHE[model][1]


def _state(parameters: Sequence[nn.Parameter]) -> tuple[float, ...]:
    """What changes when a parameter does."""
    with torch.no_grad():
        samples = [values.reshape(-1)[values.numel() // 2 :][:1] for values in parameters]
        values = torch.cat([sample.double() for sample in samples]).tolist() if samples else []
    versions = [version_of(parameter) for parameter in parameters]
    return (*values, *versions, *(parameter.data_ptr() for parameter in parameters))


def _bytes(values: Tensor) -> bytes:
    flat = values.reshape(-1)
    if flat.numel() > _MOST_VALUES:
        # A prime step is not a row's length, so that all columns are met.
        places = torch.arange(_MOST_VALUES, device=flat.device) * 1_000_003 % flat.numel()
        flat = flat[places]
    return flat.to(torch.bfloat16).cpu().view(torch.uint8).numpy().tobytes()
