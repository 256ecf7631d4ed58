"""Where a training runs: in this process alone, or in several through accelerate.

Notable: the loop is written once against these two. `SingleProcess` needs torch only, and
`DataParallel` divides each step's items and takes the mean of the gradients. FSDP and DeepSpeed cut
parameters into pieces, which checkpoints here do not put together, so they are refused.
"""

import platform
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from commonplace.foundation import InputError
from commonplace.training._types import Precision

if TYPE_CHECKING:
    from accelerate import Accelerator

_Shared = TypeVar("_Shared")


class SingleProcess:
    """One process, on the device where the model is."""

    processes, process = 1, 0

    def __init__(self, model: nn.Module) -> None:
        self.device = next(model.parameters()).device

    def prepare(
        self, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The model and the optimiser as they are."""
        return model, optimiser

    def accumulating(self, model: nn.Module, last: bool) -> AbstractContextManager[Any]:
        """The context of a pass whose gradients are added to those of the same step."""
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Add the gradients."""
        torch.autograd.backward(loss)

    def clip(self, parameters: list[nn.Parameter], most: float) -> float:
        """Scale the gradient to at most this norm; returns the norm it had."""
        return float(torch.nn.utils.clip_grad_norm_(parameters, most))

    def mean(self, value: Tensor) -> float:
        """The mean over the processes."""
        return float(value)

    def broadcast(self, value: _Shared) -> _Shared:
        """The value of the first process."""
        return value


class DataParallel(SingleProcess):
    """One of several processes, on one machine or more."""

    def __init__(self, accelerator: "Accelerator") -> None:
        if str(accelerator.distributed_type).rpartition(".")[2] in ("FSDP", "DEEPSPEED"):
            raise InputError(
                "training here is data parallel; configure accelerate without FSDP and DeepSpeed"
            )
        self._accelerator = accelerator
        self.device = accelerator.device
        self.processes, self.process = accelerator.num_processes, accelerator.process_index

    def prepare(
        self, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The model on its device, with gradients that are shared."""
        prepared: tuple[nn.Module, torch.optim.Optimizer] = self._accelerator.prepare(
            model, optimiser
        )
        return prepared

    def accumulating(self, model: nn.Module, last: bool) -> AbstractContextManager[Any]:
        """Gradients are shared with the last pass of a step only."""
        return nullcontext() if last else self._accelerator.no_sync(model)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients, and share them."""
        self._accelerator.backward(loss)

    def clip(self, parameters: list[nn.Parameter], most: float) -> float:
        """Scale the gradient to at most this norm; it is the same in all processes."""
        norm = self._accelerator.clip_grad_norm_(parameters, most)
        return float(0.0 if norm is None else norm)

    def mean(self, value: Tensor) -> float:
        """The mean over the processes."""
        gathered: Tensor = self._accelerator.gather(value.reshape(1))
        return float(gathered.mean())

    def broadcast(self, value: _Shared) -> _Shared:
        """The value of the first process, so that all decide alike."""
        from accelerate.utils import broadcast_object_list

        first: _Shared = broadcast_object_list([value])[0]
        return first


@contextmanager
def mixed_precision(precision: Precision, device: torch.device) -> Iterator[None]:
    """Compute products in bfloat16 within the block, where that is set or usual."""
    usual = device.type == "cuda" and torch.cuda.is_bf16_supported()
    half = precision == "bfloat16" or (precision == "auto" and usual)
    with torch.autocast(device.type, torch.bfloat16, enabled=half):
        yield


def environment() -> dict[str, Any]:
    """Versions, threads and device: what besides the settings decides about the last digits."""
    gpu = torch.cuda.is_available()
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if gpu else "cpu",
        "threads": torch.get_num_threads(),
    }
