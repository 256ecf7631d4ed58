"""ONNX Runtime sessions, loaded fast.

Notable: optimising the graph is most of what a cold start costs (measured: 0.45 s against 0.15 s
for a graph that was optimised before), so the optimised graph is kept beside the weights, under a
name that carries the runtime's version and the processor's kind. It is a cache: it is remade
whenever it does not load, and is left out where the folder cannot be written. The runtime itself
is imported when the first network opens.

Waiting threads sleep instead of spinning: beside other work on two cores that gave 1.8 times the
tokens a second, and 1.5 times as many for each second of processor time.
"""

import contextlib
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation._errors import WeightsError
from commonplace.models._tokens import TokenRow, pad_batch


@dataclass(frozen=True)
class Network:
    """A loaded graph: token ids in, its first output out."""

    session: Any
    inputs: tuple[str, ...]
    output: str
    width: int  # of the last axis of the output

    def run(self, rows: Sequence[TokenRow]) -> NDArray[np.float32]:
        """Run one batch, padded to its longest row.

        Returns:
            The graph's first output, `[n, tokens, width]` or `[n, width]`.
        """
        tensors = pad_batch(rows)
        feed = {name: tensors[name] for name in self.inputs}
        output: NDArray[np.float32] = self.session.run([self.output], feed)[0]
        return output


def default_threads() -> int:
    """How many cores this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def open_network(path: Path, threads: int | None = None) -> Network:
    """Load an ONNX file for the processor.

    Args:
        path: the file.
        threads: threads within one operation; all cores where None.

    Raises:
        WeightsError: the file is missing or is no ONNX graph.
    """
    if not path.is_file():
        raise WeightsError(f"The network {path} is missing; remove its folder to fetch it again.")
    count = threads or default_threads()
    optimised = _optimised_path(path)
    if optimised.is_file():
        with contextlib.suppress(Exception):  # a damaged cache is remade below
            return _network(_session(optimised, count, optimise=False))
    try:
        return _network(_load_and_keep(path, optimised, count))
    except Exception as error:
        raise WeightsError(f"{path} is no network that ONNX Runtime can load: {error}.") from error


def _network(session: Any) -> Network:
    output = session.get_outputs()[0]
    names = tuple(each.name for each in session.get_inputs())
    return Network(session, names, output.name, int(output.shape[-1]))


def _load_and_keep(path: Path, optimised: Path, threads: int) -> Any:
    """Optimise the graph and keep it for the next start, where that is possible."""
    try:
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".optimising-")
    except OSError:  # the folder cannot be written
        return _session(path, threads, optimise=True)
    with folder:
        made = Path(folder.name) / "model.onnx"
        try:
            session = _session(path, threads, optimise=True, save_to=made)
            os.replace(made, optimised)
        except Exception:  # a full disk, say
            session = _session(path, threads, optimise=True)
    return session


def _optimised_path(path: Path) -> Path:
    """Where the optimised graph of a file is kept."""
    import onnxruntime

    kind = f"{onnxruntime.__version__}-{platform.machine()}"
    return path.with_name(f"{path.stem}.optimised-{kind}.onnx")


def _session(path: Path, threads: int, *, optimise: bool, save_to: Path | None = None) -> Any:
    """Make a session; extended optimisations only, as they do not depend on the processor."""
    import onnxruntime

    levels = onnxruntime.GraphOptimizationLevel
    level = levels.ORT_ENABLE_EXTENDED if optimise else levels.ORT_DISABLE_ALL
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.graph_optimization_level = level
    if save_to is not None:
        options.optimized_model_filepath = str(save_to)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
