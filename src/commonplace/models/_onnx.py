"""ONNX Runtime sessions, loaded fast.

Notable: optimising the graph is most of what a cold start costs (measured: 0.45 s against 0.15 s
for a graph that was optimised before), so the optimised graph is kept beside the weights, under a
name that carries the runtime's version and the processor's kind. It is a cache: it is remade
whenever it does not load, and is left out where the folder cannot be written. The runtime itself
is imported when the first network opens.

Each run uses one core, and as many runs go on at once as there are cores: on two idle cores that
gave 1.4 times the tokens a second of one run that shares both (8,960 against 6,290, interleaved
medians, texts one by one), and beside other work it does not wait for the slower core.
"""

import contextlib
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation import WeightsError, default_threads
from commonplace.models.batches import TokenRow, pad_batch
from commonplace.models.network_adapter import NetworkAdapter, with_adapter

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Network:
    """A loaded graph: token ids in, its first output out."""

    session: Any
    inputs: tuple[str, ...]
    output: str
    width: int  # of the last axis of the output
    workers: int = 1  # runs that go on at once

    def run(self, rows: Sequence[TokenRow]) -> NDArray[np.float32]:
        """Run one batch, padded to its longest row.

        Returns:
            The graph's first output, `[n, tokens, width]` or `[n, width]`.
        """
        tensors = pad_batch(rows)
        feed = {name: tensors[name] for name in self.inputs}
        output: NDArray[np.float32] = self.session.run([self.output], feed)[0]
        return output

    def map_batches(
        self, reduce: Callable[[list[int]], _Result], batches: Iterable[list[int]]
    ) -> Iterator[tuple[list[int], _Result]]:
        """Apply `reduce` to each batch of positions, in order, `workers` at a time.

        `reduce` runs the network and keeps what is needed of its output, which may be large.
        """
        ordered = list(batches)
        if self.workers == 1 or len(ordered) < 2:
            results: Iterable[_Result] = map(reduce, ordered)
        else:
            results = _pool(self.workers).map(reduce, ordered)
        yield from zip(ordered, results, strict=True)


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix="network")


def open_network(
    path: Path, threads: int | None = None, adapter: NetworkAdapter | None = None
) -> Network:
    """Load an ONNX file for the processor.

    Args:
        path: the file.
        threads: runs that go on at once, each on one core; all cores where None.
        adapter: what the network wears.

    Raises:
        WeightsError: the file is missing or is no ONNX graph, or the adapter does not fit it.
    """
    if not path.is_file():
        raise WeightsError(f"The network {path} is missing; remove its folder to fetch it again.")
    workers = threads or default_threads()
    optimised = _optimised_path(path, adapter)
    if optimised.is_file():
        with contextlib.suppress(Exception):  # a damaged cache is remade below
            return _network(_session(optimised, optimise=False), workers)
    graph = with_adapter(path.read_bytes(), adapter.additions) if adapter else str(path)
    try:
        return _network(_load_and_cache(graph, optimised), workers)
    except Exception as error:  # the runtime's errors have no class in common
        raise WeightsError(f"{path} is no network that ONNX Runtime can load: {error}.") from error


def _network(session: Any, workers: int) -> Network:
    output = session.get_outputs()[0]
    return Network(
        session=session,
        inputs=tuple(tensor.name for tensor in session.get_inputs()),
        output=output.name,
        width=int(output.shape[-1]),
        workers=workers,
    )


def _load_and_cache(graph: str | bytes, optimised: Path) -> Any:
    """Optimise the graph and keep it for the next start, where that is possible."""
    try:
        folder = tempfile.TemporaryDirectory(dir=optimised.parent, prefix=".optimising-")
    except OSError:  # the folder cannot be written
        return _session(graph, optimise=True)
    with folder:
        saved = Path(folder.name) / "model.onnx"
        try:
            session = _session(graph, optimise=True, save_to=saved)
            os.replace(saved, optimised)
        except Exception:  # a full disk, say
            session = _session(graph, optimise=True)
    return session


def _optimised_path(path: Path, adapter: NetworkAdapter | None) -> Path:
    import onnxruntime

    suffix = f"-{adapter.sha256[:12]}" if adapter else ""
    kind = f"{onnxruntime.__version__}-{platform.machine()}"
    return path.with_name(f"{path.stem}.optimised{suffix}-{kind}.onnx")


def _session(graph: Path | str | bytes, *, optimise: bool, save_to: Path | None = None) -> Any:
    import onnxruntime

    # Beyond EXTENDED a graph is made for this very processor, and the cached one may meet another.
    levels = onnxruntime.GraphOptimizationLevel
    level = levels.ORT_ENABLE_EXTENDED if optimise else levels.ORT_DISABLE_ALL
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one core a run: see above
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    options.graph_optimization_level = level
    if save_to is not None:
        options.optimized_model_filepath = str(save_to)
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
