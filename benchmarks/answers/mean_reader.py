"""Makes answers/reader.safetensors: the mean of adapters that `train_reader` trained apart.

    python -m benchmarks.answers.mean_reader FILE FILE... --out FILE

What is averaged is what the adapters add to the weights, `down @ up` of each layer, cut back to the
rank of one of them by its singular values (Eckart and Young 1936); of two it keeps .997. Networks
that were trained from one start on other draws of the data judge better as one than alone
(Wortsman et al. 2022, "Model soups", section 3), and it costs nothing when they are used.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from benchmarks.answers.train_reader import RANK
from benchmarks.scaffold import argument_parser
from commonplace.foundation.arrays import Float32s
from commonplace.models.network_adapter import NetworkAdapter, read_adapter


def main() -> None:
    parser = argument_parser(__doc__, has_json=False)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    adapters = [read_adapter(file) for file in options.files]
    if len({(adapter.base_sha256, *adapter.additions) for adapter in adapters}) > 1:
        raise SystemExit("the adapters belong to different networks")
    tensors: dict[str, NDArray[np.float16]] = {}
    for name in adapters[0].additions:
        down, up = cut(mean_addition(adapters, name), RANK)
        tensors |= {f"{name}/down": down.astype(np.float16), f"{name}/up": up.astype(np.float16)}
    save_file(tensors, str(options.out), header(adapters))


def mean_addition(adapters: list[NetworkAdapter], name: str) -> Float32s:
    """What the adapters add to the weights of a layer on average, [inputs, outputs]."""
    layers = [adapter.additions[name] for adapter in adapters]
    total = sum((layer.down @ layer.up for layer in layers), start=np.float32(0))
    return np.asarray(total / len(layers), dtype=np.float32)


def cut(matrix: Float32s, rank: int) -> tuple[Float32s, Float32s]:
    """The nearest matrix of this rank as factors [rows, rank] and [rank, columns], alike large."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    root = np.sqrt(values[:rank])
    return np.ascontiguousarray(left[:, :rank] * root), root[:, None] * right[:rank]


def header(adapters: list[NetworkAdapter]) -> dict[str, str]:
    """The first adapter's, with the mean of the line's two numbers and what all learned from."""
    return {
        **adapters[0].header,
        "scale": f"{np.mean([adapter.scale for adapter in adapters]):.6g}",
        "shift": f"{np.mean([adapter.shift for adapter in adapters]):.6g}",
        "trained_on": json.dumps([adapter.header["trained_on"] for adapter in adapters]),
        "made_by": "benchmarks/answers/train_reader.py and mean_reader.py",
    }


if __name__ == "__main__":
    main()
