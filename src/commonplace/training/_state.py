"""The state of a model and its optimiser that training changes, as named tensors, and back.

Notable: it is the parameters that take gradients, and the buffers of modules in training mode
(a batch norm's running mean, say). What is frozen is no part of it: it cannot change, and the base
of an adapter is not written again with each checkpoint.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_OPTIMISER = "optimiser."


def trained_state(model: nn.Module) -> dict[str, Tensor]:
    """The model's tensors that training changes, by name, not copied."""
    trained: dict[str, Tensor] = {
        name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad
    }
    # Buffers that a module does not want saved are made anew with it.
    saved_names = model.state_dict(keep_vars=True).keys()
    for prefix, module in model.named_modules():
        if module.training:
            buffers = module.named_buffers(prefix, recurse=False)
            trained.update({name: buffer for name, buffer in buffers if name in saved_names})
    return {name: tensor.detach() for name, tensor in trained.items()}


def restore_state(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Copy what `trained_state` gave into the model, in place."""
    for name, tensor in trained_state(model).items():
        tensor.copy_(state[name])


def optimiser_state(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's tensors, named after the parameters they belong to."""
    return {
        f"{_OPTIMISER}{name}.{key}": tensor
        for name, parameter in model.named_parameters()
        for key, tensor in optimiser.state.get(parameter, {}).items()
    }


def restore_optimiser(
    model: nn.Module, optimiser: torch.optim.Optimizer, state: Mapping[str, Tensor]
) -> None:
    """Give the optimiser what `optimiser_state` gave, where the parameters are."""
    for name, parameter in model.named_parameters():
        start = f"{_OPTIMISER}{name}."
        tensors = {
            key.removeprefix(start): tensor
            for key, tensor in state.items()
            if key.startswith(start)
        }
        if tensors:
            # The count of steps stays on the CPU, as torch has it.
            optimiser.state[parameter] = {
                key: tensor if key == "step" else tensor.to(parameter.device)
                for key, tensor in tensors.items()
            }
