"""Which base a model is: a hash of its weights, quick enough to take at every attach.

Notable: values are taken as bfloat16, so that a model has one fingerprint in float32 and in
bfloat16 (in float16 or quantised it is another base). Of a large tensor evenly spread values are
taken: a fine-tune that touches a few rows only may keep the fingerprint.

    python -m pytest tests/adapters/test_attach.py -k fingerprint
"""

import hashlib
from typing import Final

import torch
from torch import Tensor, nn

_MOST_VALUES: Final = 1 << 16  # of one tensor


def fingerprint(model: nn.Module) -> str:
    """The sha256 of the names, shapes and (spread) values of a model's parameters, in hex."""
    digest = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        digest.update(f"{name} {list(parameter.shape)}\n".encode())
        digest.update(_bytes(parameter.detach()))
    return digest.hexdigest()


def _bytes(values: Tensor) -> bytes:
    flat = values.reshape(-1)
    if flat.numel() > _MOST_VALUES:
        # A prime step is not a row's length, so that all columns are met.
        places = torch.arange(_MOST_VALUES, device=flat.device) * 1_000_003 % flat.numel()
        flat = flat[places]
    return flat.to(torch.bfloat16).cpu().view(torch.uint8).numpy().tobytes()
