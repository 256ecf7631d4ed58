"""Whether an adapter fits a model: its base, its modules, their shapes; what does not is named."""

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
    supported = [name for name, module in modules.items() if isinstance(module, SUPPORTED)]
    module_of, missing = resolve(adapter.layers, supported)
    if missing and (not allow_missing or not module_of):
        examples = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise InputError(
            f"applied {len(module_of)} of {len(adapter.layers)}: the model has no module to adapt "
            f"for {examples}; is the adapter for another architecture?"
        )
    return module_of


def check_shape(name: str, layer: Layer, weight: Tensor) -> None:
    """Raise InputError where a layer is for a weight of another shape."""
    expected, actual = shape(layer), tuple(weight.shape)
    # A file may flatten a kernel, or hold a linear layer as a convolution of one.
    flat = (weight.shape[0], weight[0].numel())
    ones = expected[2:] == (1,) * (len(expected) - 2) and size(layer) == flat
    if expected != actual and not (ones or expected == flat):
        raise InputError(
            f"{name} is for a weight {list(expected)}, the model's is {list(actual)}; "
            "is the adapter for another architecture?"
        )
    magnitude = layer.magnitude
    if magnitude is not None and magnitude.numel() not in (actual[0], actual[1]):
        raise InputError(f"{name} has {magnitude.numel()} magnitudes for a weight {list(actual)}")


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
