"""What a layer adds to the outputs of its module, without making the changed weight.

Notable: LoRA goes through its rank (two thin products, or a convolution and a 1x1 convolution),
DoRA by row rescales the base's own outputs: (m/||V|| - 1) (y - b) + m/||V|| (Delta x). Whatever has
no such short way makes the difference D and runs the module's own operation with it, so that
groups, dilation, padding modes and kernels of any kind stay right.

    python -m pytest tests/adapters/test_effect.py
"""

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn

from commonplace.adapters._layer import Layer, difference, matrix, rescale
from commonplace.adapters._modules import weight_of


def added(module: nn.Module, layer: Layer, x: Tensor, y: Tensor, norms: Tensor | None) -> Tensor:
    """D x + its bias at strength 1, for inputs `x` and the base's outputs `y`.

    `norms` is `rescaling` of the same layer and module where that was taken before.
    """
    precision = _precision(layer, y)
    layer = layer.map(lambda one: one.to(precision))
    x = x if isinstance(module, nn.Embedding) else x.to(precision)
    if layer.magnitude is None:
        result = _plain(module, layer, x)
    elif _rescales_outputs(module, layer):
        n = rescaling(module, layer) if norms is None else norms
        n = _spread(module, n, x)
        result = (n - 1) * _without_bias(module, y) + n * _plain(module, layer, x)
    else:
        weight = weight_of(module).detach().to(precision)
        result = _run(module, x, difference(layer, weight))
    if layer.bias is not None:
        result = result + (layer.scale * layer.bias).reshape(-1, *[1] * _kernel(module))
    return result


def rescaling(module: nn.Module, layer: Layer) -> Tensor | None:
    """DoRA's m / ||V|| for the module's weight; None where the layer has none to keep."""
    if layer.magnitude is None or not _rescales_outputs(module, layer):
        return None
    weight = weight_of(module).detach()
    weight = weight.to(_precision(layer, weight))
    # The norm is a constant to the gradient, so is the product that it is taken of.
    with torch.no_grad():
        moved = weight + matrix(layer).reshape(weight.shape)
    return rescale(layer, moved)


def _plain(module: nn.Module, layer: Layer, x: Tensor) -> Tensor:
    """Delta x, before any magnitude."""
    f = layer.factors
    groups = getattr(module, "groups", 1)
    if layer.algebra != "lora" or groups != 1:
        return _run(module, x, matrix(layer).reshape(weight_of(module).shape))
    up, down = f["up"], f["down"]
    if isinstance(module, nn.Embedding):
        return F.embedding(x, up.flatten(1)) @ down.flatten(1) * layer.scale
    if isinstance(module, nn.Linear):
        return F.linear(F.linear(x, down.flatten(1)), up.flatten(1)) * layer.scale
    inner = _pointwise(module, x, down) if "mid" in f else x
    inner = _run(module, inner, f["mid"] if "mid" in f else _with_kernel(module, down))
    return _pointwise(module, inner, up) * layer.scale


def _run(module: nn.Module, x: Tensor, weight: Tensor) -> Tensor:
    """The module's own operation with another weight and no bias."""
    if isinstance(module, nn.Embedding):
        return F.embedding(x, weight)
    if isinstance(module, nn.Linear):
        return F.linear(x, weight)
    assert isinstance(module, nn.Conv1d | nn.Conv2d)
    result: Tensor = module._conv_forward(x, weight, None)
    return result


def _pointwise(module: nn.Module, x: Tensor, weight: Tensor) -> Tensor:
    """A convolution with a kernel of one: a product over the channels."""
    kernel = weight.flatten(1).reshape(weight.shape[0], -1, *[1] * _kernel(module))
    return F.conv1d(x, kernel) if isinstance(module, nn.Conv1d) else F.conv2d(x, kernel)


def _with_kernel(module: nn.Module, down: Tensor) -> Tensor:
    return down.reshape(down.shape[0], *weight_of(module).shape[1:])


def _rescales_outputs(module: nn.Module, layer: Layer) -> bool:
    """Whether m / ||V|| can be multiplied with outputs: by row, and always for an embedding."""
    assert layer.magnitude is not None
    by_row = layer.magnitude.shape[0] == layer.magnitude.numel() == weight_of(module).shape[0]
    return by_row or isinstance(module, nn.Embedding)


def _spread(module: nn.Module, n: Tensor | None, x: Tensor) -> Tensor:
    """DoRA's m / ||V|| [out, 1, ...] in the layout of the outputs."""
    assert n is not None
    if isinstance(module, nn.Embedding):
        return F.embedding(x, n) if n.shape[0] == module.num_embeddings else n
    return n.reshape(-1, *[1] * _kernel(module))


def _without_bias(module: nn.Module, y: Tensor) -> Tensor:
    bias = getattr(module, "bias", None)
    return y if bias is None else y - bias.reshape(-1, *[1] * _kernel(module))


def _kernel(module: nn.Module) -> int:
    """How many axes of the outputs come after the channels."""
    return max(weight_of(module).ndim - 2, 0)


def _precision(layer: Layer, values: Tensor) -> torch.dtype:
    first = next(iter(layer.factors.values()))
    return torch.promote_types(first.dtype, values.dtype)
