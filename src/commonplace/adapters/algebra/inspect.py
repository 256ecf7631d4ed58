"""What an adapter is: kinds, ranks, alphas, and how strongly it changes which block.

Notable: norms come from the factors, layer by layer, without making a difference of the weight's
size where the kind allows. A block is what comes before and with the first number of a name
("model.layers.3"), so the table shows depth.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from commonplace.adapters.algebra._low_rank import DOUBLE, dense, pair
from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.algebra.layer import Layer
from commonplace.adapters.algebra.provenance import Provenance

_BLOCK: Final = re.compile(r"^(.*?[._]\d+)(?=[._]|$)")


@dataclass(frozen=True)
class Block:
    """The layers of one block."""

    name: str
    layers: int
    norm: float  # of the block's differences together; a DoRA's before its magnitude


@dataclass(frozen=True)
class Inspection:
    """What an adapter is.

    Attributes:
        kinds: how many layers there are of each kind.
        ranks, alphas: from the least to the greatest, each once.
        parameters: how many numbers it has.
        blocks: in the order of the file.
    """

    kinds: dict[str, int]
    ranks: tuple[int, ...]
    alphas: tuple[float, ...]
    parameters: int
    blocks: tuple[Block, ...]
    provenance: Provenance

    def record(self) -> dict[str, Any]:
        """The facts as an object for JSON."""
        return {
            "kinds": self.kinds,
            "ranks": list(self.ranks),
            "alphas": list(self.alphas),
            "layers": sum(self.kinds.values()),
            "parameters": self.parameters,
            "blocks": [vars(block) for block in self.blocks],
            "provenance": self.provenance.record(),
        }


def inspect(adapter: Adapter) -> Inspection:
    """Read an adapter once, layer by layer, and say what it is."""
    kinds: dict[str, int] = {}
    ranks, alphas, parameters = set(), set(), 0
    energies: dict[str, list[float]] = {}
    for name, layer in adapter.layers.items():
        kinds[layer.kind] = kinds.get(layer.kind, 0) + 1
        ranks.add(layer.rank)
        alphas.add(layer.alpha)
        parameters += sum(tensor.numel() for tensor in layer.tensors.values())
        energies.setdefault(block_of(name), []).append(_energy(layer))
    blocks = tuple(
        Block(name, len(values), math.sqrt(math.fsum(values))) for name, values in energies.items()
    )
    return Inspection(
        kinds=kinds,
        ranks=tuple(sorted(ranks)),
        alphas=tuple(sorted(alphas)),
        parameters=parameters,
        blocks=blocks,
        provenance=adapter.provenance,
    )


def block_of(name: str) -> str:
    """The block that a module belongs to: up to and with the first number, or its parent."""
    match = _BLOCK.match(name)
    return match.group(1) if match else name.rpartition(".")[0] or name


def _energy(layer: Layer) -> float:
    """||Delta||^2; of a pair tr((B^T B)(A A^T)), which is of the rank's size."""
    plain = replace(layer, magnitude=None, bias=None)
    factors = pair(plain)
    if factors is not None:
        up, down = factors
        return float(((up.T @ up) * (down @ down.T)).sum())
    if {*plain.factors} == {"w1", "w2"}:  # a Kronecker product's norm is the product of the norms
        squares = [float(tensor.to(DOUBLE).square().sum()) for tensor in plain.factors.values()]
        return plain.scale**2 * math.prod(squares)
    return float(dense(plain).square().sum())
