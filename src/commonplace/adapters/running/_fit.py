"""Whether an adapter fits a model: its base, its modules, their shapes; what does not is named.

python -m pytest tests/adapters/test_attach.py
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.algebra.layer import Layer, shape, size
from commonplace.adapters.names.modules import MERGED, SUPPORTED, resolve
from commonplace.adapters.running.fingerprint import fingerprint
from commonplace.foundation import InputError


def check_base(model: nn.Module, adapter: Adapter, force: bool) -> None:
    """Raise InputError where the adapter was made for other weights, unless forced."""
    made_for = adapter.provenance.fingerprint
    if force or not made_for or made_for == fingerprint(model):
        return
    base = adapter.provenance.base or "another model"
    raise InputError(
        f"the adapter was made for {base} with the fingerprint {made_for[:12]}, this model's is "
        f"{fingerprint(model)[:12]}; load that model, or force it"
    )


def fit(modules: Mapping[str, nn.Module], adapter: Adapter, allow_missing: bool) -> dict[str, str]:
    """Which of a model's modules each layer is for: by the layer's name, the module's.

    Raises:
        InputError: there are layers without a module, and that is not allowed.
    """
    known = [name for name, module in modules.items() if isinstance(module, SUPPORTED)]
    found, missing = resolve(adapter.layers, known)
    if missing and (not allow_missing or not found):
        listed = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise InputError(
            f"applied {len(found)} of {len(adapter.layers)}: the model has no module to adapt for "
            f"{listed}; is the adapter for another architecture?"
        )
    return found


def check_shape(name: str, layer: Layer, weight: Tensor) -> None:
    """Raise InputError where a layer is for a weight of another shape."""
    known, wanted = shape(layer), tuple(weight.shape)
    flat = (weight.shape[0], weight[0].numel())
    ones = known[2:] == (1,) * (len(known) - 2) and size(layer) == flat
    if known != wanted and not (ones or known == flat):
        raise InputError(
            f"{name} is for a weight {list(known)}, the model's is {list(wanted)}; "
            "is the adapter for another architecture?"
        )
    magnitude = layer.magnitude
    if magnitude is not None and magnitude.numel() not in (wanted[0], wanted[1]):
        raise InputError(f"{name} has {magnitude.numel()} magnitudes for a weight {list(wanted)}")


def check_module(name: str, module: nn.Module) -> None:
    """Raise InputError where an adapter cannot act on the module's outputs."""
    if isinstance(module, NonDynamicallyQuantizableLinear):
        raise InputError(
            f"{name} is read by nn.MultiheadAttention without being called, so nothing can be "
            "attached to it; merge the adapter instead"
        )
    if hasattr(module, MERGED):
        raise InputError(f"{name} has an adapter merged into it; unmerge that first")
    if isinstance(module, nn.Embedding) and module.max_norm is not None:
        raise InputError(f"{name} rescales its own weights (max_norm); leave it out")
