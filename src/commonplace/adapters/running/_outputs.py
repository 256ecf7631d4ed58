"""What a layer adds to the outputs of its module, without making the changed weight.

Notable: LoRA goes through its rank (two thin products, or a convolution and a 1x1 convolution),
DoRA by row rescales the base's own outputs: (m/||V|| - 1) (y - b) + m/||V|| (Delta x). Scales and
m/||V|| are multiplied into the small factor, and a linear layer's product is added to the outputs
as it is made. Whatever has no such short way makes the difference D and runs the module's own
operation with it, so that groups, dilation, padding modes and kernels of any kind stay right.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name for it)
from torch import Tensor, nn

from commonplace.adapters.algebra.layer import Layer, difference, matrix, rescale, updated_weight
from commonplace.adapters.names.modules import weight_of


@dataclass(frozen=True)
class Magnitudes:
    """What a DoRA's effect on a linear layer's outputs needs besides its factors.

    Attributes:
        norms: m / ||V||, [out, 1].
        y: the base's own outputs.
        bias: the base's, which is in them.
        strength: s, a number.
    """

    norms: Tensor
    y: Tensor
    bias: Tensor | None
    strength: Tensor


def output_change(
    module: nn.Module, layer: Layer, x: Tensor, y: Tensor, norms: Tensor | None
) -> Tensor:
    """D x + its bias at strength 1, for inputs `x` and the base's outputs `y`.

    `norms` is `rescaling` of the same layer and module.
    """
    precision = _precision(layer, y)
    layer = layer.map(lambda tensor: tensor.to(precision))
    x = x if isinstance(module, nn.Embedding) else x.to(precision)
    if layer.magnitude is None:
        result = _plain_change(module, layer, x)
    elif norms is not None:
        spread = _spread(module, norms, x)
        result = (spread - 1).to(y.dtype) * _without_bias(module, y)
        if isinstance(module, nn.Embedding):
            result = result + spread.to(y.dtype) * _plain_change(module, layer, x)
        else:
            result = result + _plain_change(module, layer, x, norms)
    else:
        weight = weight_of(module).detach().to(precision)
        result = _run(module, x, difference(layer, weight))
    if layer.bias is not None:
        result = result + (layer.scale * layer.bias).reshape(-1, *[1] * _kernel(module))
    return result


def rescaling(module: nn.Module, layer: Layer) -> Tensor | None:
    """DoRA's m / ||V|| for the module's weight; None where the layer has none to keep."""
    magnitude = layer.magnitude
    if magnitude is None or not _rescales_outputs(module, layer):
        return None
    weight = weight_of(module).detach()
    weight = weight.to(torch.promote_types(_precision(layer, weight), torch.float32))
    # The norm is a constant to the gradient, so is the product that it is taken of.
    with torch.no_grad():
        updated = updated_weight(layer.map(lambda tensor: tensor.to(weight.dtype)), weight)
    return rescale(magnitude, updated)


def thin_rescaling(
    weight: Tensor, up: Tensor, down: Tensor, scale: Tensor, magnitude: Tensor
) -> Tensor:
    """`rescaling` for a linear layer's weight [out, in] and LoRA's factors: [out, 1]."""
    precision = torch.promote_types(torch.promote_types(up.dtype, weight.dtype), torch.float32)
    with torch.no_grad():
        up, down = (factor.flatten(1).to(precision) for factor in (up, down))
        updated = torch.addmm(weight.to(precision), up * scale, down)
    return rescale(magnitude, updated)


def add_linear_change(
    total: Tensor, x: Tensor, up: Tensor, down: Tensor, factor: Tensor, dora: Magnitudes | None
) -> Tensor:
    """Add s (T(W) - W) x to a linear layer's outputs `total` [..., out], all of one precision.

    LoRA: total + h (factor up)^T with h = down x. DoRA by row, where n = m / ||V||:
    total + s (n - 1) (y - b) + h (factor n up)^T; alone c y + (1 - c) b + ..., c = 1 + s (n - 1).

    Args:
        total: the outputs so far; y itself, where this adapter is the first.
        x: the inputs [..., in].
        up: [out, r].
        down: [r, in].
        factor: strength times scale, a number.
        dora: what a DoRA needs besides.
    """
    up, inner = up.flatten(1), F.linear(x, down.flatten(1))
    inner = inner.reshape(-1, inner.shape[-1])
    if dora is None:
        return torch.addmm(total.reshape(-1, len(up)), inner * factor, up.T).view(total.shape)
    n, y = dora.norms.reshape(-1), dora.y
    d = (dora.strength * (n - 1)).to(y.dtype)
    shift = torch.zeros_like(d) if dora.bias is None else -d * dora.bias
    # In a lower precision c would be rounded beside 1, the change alone is not.
    alone = total is y and y.dtype in (torch.float32, torch.float64)
    change = torch.addcmul(shift, y, 1 + d if alone else d).view(-1, len(up))
    change = change.addmm_(inner, (up * (n * factor)[:, None].to(up.dtype)).T).view(y.shape)
    return change if alone else total + change


def _plain_change(module: nn.Module, layer: Layer, x: Tensor, n: Tensor | None = None) -> Tensor:
    """Delta x, before any magnitude; or with n = m / ||V||, one number an output channel."""
    f = layer.factors
    groups = getattr(module, "groups", 1)
    if layer.algebra != "lora" or groups != 1:
        weight = matrix(layer).reshape(weight_of(module).shape)
        return _run(module, x, weight if n is None else weight * n.to(weight.dtype))
    if isinstance(module, nn.Embedding):
        return F.embedding(x, f["up"].flatten(1)) @ (f["down"].flatten(1) * layer.scale)
    down, up = f["down"], f["up"] * layer.scale
    up = up.flatten(1) if n is None else up.flatten(1) * n.reshape(-1, 1).to(up.dtype)
    if isinstance(module, nn.Linear):
        return F.linear(F.linear(x, down.flatten(1)), up)
    inner = _pointwise(module, x, down) if "mid" in f else x
    if "mid" not in f:  # the kernel may be flattened into the inputs
        down = down.reshape(down.shape[0], *weight_of(module).shape[1:])
    inner = _run(module, inner, f.get("mid", down))
    return _pointwise(module, inner, up)


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


def _rescales_outputs(module: nn.Module, layer: Layer) -> bool:
    """Whether m / ||V|| can be multiplied with outputs: by row, and always for an embedding."""
    assert layer.magnitude is not None
    by_row = layer.magnitude.shape[0] == layer.magnitude.numel() == weight_of(module).shape[0]
    return by_row or isinstance(module, nn.Embedding)


def _spread(module: nn.Module, n: Tensor, x: Tensor) -> Tensor:
    """DoRA's m / ||V|| [out, 1, ...] in the layout of the outputs."""
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
