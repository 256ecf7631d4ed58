"""The loop: a generator that takes a step each time it is asked for the next record.

Notable: whoever calls it adds progress, logging and plots, without hooks (as in smalldiffusion).
The next loss after a kill is, to the bit on a CPU, the one that an unbroken run would have had: all
chance is a function of seed and step (`_chance.py`), and everything else is in the checkpoint. The
best validation is the result, not the last: when the records end, the model holds it.
"""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from commonplace.foundation import InputError
from commonplace.training import _checkpoint, _state
from commonplace.training._chance import chance, item_numbers
from commonplace.training._devices import DataParallel, SingleProcess, mixed_precision
from commonplace.training._optimiser import adamw, rate_at
from commonplace.training._types import StepRecord, TrainingSettings, Validation

if TYPE_CHECKING:
    from accelerate import Accelerator

_Item = TypeVar("_Item")
Validate = Callable[[nn.Module], Validation]


def train(
    model: nn.Module,
    items: Sequence[_Item],
    objective: Callable[[nn.Module, list[_Item]], Tensor],
    settings: TrainingSettings,
    *,
    validate: Validate | None = None,
    folder: Path | None = None,
    resume: bool = False,
    configuration: Mapping[str, Any] | None = None,
    accelerator: "Accelerator | None" = None,
) -> Generator[StepRecord, None, None]:
    """Train the parameters of `model` that take gradients; yields a record for each step.

    When the records end, the model holds the parameters of the best validation (without one: the
    last). Closed before that, it leaves a checkpoint of the last step.

    Args:
        model: on its device; it is put into training mode.
        items: what is learned from; any sequence, read item by item.
        objective: the loss of the model on some items, their mean, a scalar.
        settings: how it trains.
        validate: figures on held-out data and a score; called without gradients, in eval mode.
        folder: of the checkpoints; None: nothing is kept, and nothing can be resumed.
        resume: go on from the folder's checkpoint, if it holds one; else start anew. Where the
            training is done already, its last record comes once more, without a loss.
        configuration: what else a resumed run must have in common (hashes of data and base).
        accelerator: for several processes; each has `settings.batch` items of each pass.

    Raises:
        InputError: nothing to learn from or to train, the checkpoint is of another configuration
            or cannot be written, or the loss is no number any more. The last checkpoint stays.
    """
    if not len(items):
        raise InputError("there is nothing to train on")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError("the model has no parameter that takes a gradient, so none to train")
    about = {**asdict(settings), **(configuration or {})}
    training = _Training(
        model,
        items,
        objective=objective,
        settings=settings,
        validate=validate,
        folder=folder,
        configuration=about,
        accelerator=accelerator,
    )
    yield from training.run(resume)


class _Training:
    """A model, its optimiser and where they stand."""

    def __init__(
        self,
        model: nn.Module,
        items: Sequence[Any],
        *,
        objective: Callable[[nn.Module, list[Any]], Tensor],
        settings: TrainingSettings,
        validate: Validate | None,
        folder: Path | None,
        configuration: Mapping[str, Any],
        accelerator: "Accelerator | None",
    ) -> None:
        self.model, self.items, self.objective = model.train(), items, objective
        self.settings, self.validate, self.folder = settings, validate, folder
        self.devices = DataParallel(accelerator) if accelerator else SingleProcess(model)
        self.optimiser = adamw(model, settings)
        # What is prepared may be wrapped; names and tensors are taken from the model itself.
        self.wrapped, self.stepper = self.devices.prepare(model, self.optimiser)
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        processes = {} if accelerator is None else {"processes": self.devices.processes}
        self.position = _checkpoint.Position(configuration={**configuration, **processes})
        self.best: dict[str, Tensor] = {}

    def run(self, resume: bool) -> Iterator[StepRecord]:
        """Take the steps from the present position to the end."""
        resumed = self._resume(resume)
        try:
            if not resumed and (validation := self._validate_if_due(0)):
                yield self._record(None, 0.0, None, validation)
            if self.position.stopped:
                yield self._record(None, 0.0, None, None)
            while not self.position.stopped:
                yield self._step()
        except GeneratorExit:
            self._save()
            raise
        self._restore_best()

    def _resume(self, resume: bool) -> bool:
        """Load the checkpoint, if there is one to go on from; returns whether there is."""
        if self.folder is None:
            return False
        if self.devices.process == 0:
            _checkpoint.prepare_folder(self.folder, resume)
        self.devices.broadcast(None)  # no one looks before the folder is ready
        about = self.position.configuration
        saved = _checkpoint.load_checkpoint(self.folder, about) if resume else None
        if saved is None:
            return False
        self.position, tensors = saved
        _state.restore_state(self.model, tensors)
        _state.restore_optimiser(self.model, self.optimiser, tensors)
        return True

    def _step(self) -> StepRecord:
        settings, began = self.settings, perf_counter()
        step = self.position.step + 1
        with chance(settings.seed, step, self.devices.process, self.devices.device):
            loss = self._gradients(step)
        norm = self.devices.clip(self.parameters, settings.clip or math.inf)
        self._require_finite(step, loss, norm)
        rate = rate_at(settings, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.stepper.step()
        self.stepper.zero_grad(set_to_none=True)
        self.position = replace(self.position, step=step, items=step * self._items_of_a_step)
        validation = self._validate_if_due(step)
        stopped = self._reason_to_stop(validation)
        seconds = self.position.seconds + perf_counter() - began
        self.position = replace(self.position, seconds=seconds, stopped=stopped)
        if stopped or step % settings.save_every == 0:
            self._save()
        return self._record(loss, rate, norm, validation)

    @property
    def _items_of_a_step(self) -> int:
        return self.settings.batch * self.devices.processes * self.settings.accumulation

    def _gradients(self, step: int) -> float:
        """Add up the gradients of a step's items; returns the mean loss."""
        settings, devices, total = self.settings, self.devices, torch.zeros(())
        start = (step - 1) * self._items_of_a_step
        numbers = item_numbers(len(self.items), start, self._items_of_a_step, settings.seed)
        for turn in range(settings.accumulation):
            # All processes' items of one pass stand together: two with a batch of 2 are one with 4.
            first = (turn * devices.processes + devices.process) * settings.batch
            batch = [self.items[number] for number in numbers[first : first + settings.batch]]
            with devices.accumulating(self.wrapped, turn == settings.accumulation - 1):
                with mixed_precision(settings.precision, devices.device):
                    loss = self.objective(self.wrapped, batch) / settings.accumulation
                devices.backward(loss)
            total = total.to(loss.device) + loss.detach()
        return devices.mean(total)

    def _require_finite(self, step: int, loss: float, norm: float) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        trouble = (
            f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm}"
        )
        saved = step - 1 - (step - 1) % self.settings.save_every
        stays = f"; the checkpoint of step {saved} stays" if self.folder and saved else ""
        raise InputError(
            f"{trouble} at step {step}, so training ended{stays}; start anew with a lower learning "
            f"rate than {self.settings.learning_rate:g}"
        )

    # -------------------------------------------------------------- validation

    def _validate_if_due(self, step: int) -> Validation | None:
        """Validate where that is due; the best parameters are kept."""
        settings = self.settings
        due = step % settings.validate_every == 0 or step == settings.steps
        if self.validate is None or not due:
            return None
        self.model.eval()
        place = self.devices.device
        precise = mixed_precision(settings.precision, place)
        # With the first process's chance: all validate the same.
        with torch.no_grad(), chance(settings.seed, step, 0, place), precise:
            validation = self.devices.broadcast(self.validate(self.model))
        self.model.train()
        best = self.position.best_score
        if not validation.forbidden and (best is None or validation.score > best):
            self._keep_best(step, validation.score)
        else:
            self.position = replace(self.position, worse=self.position.worse + 1)
        return validation

    def _keep_best(self, step: int, score: float) -> None:
        state = _state.trained_state(self.model)
        if self.folder is None:
            self.best = {name: tensor.clone() for name, tensor in state.items()}
        elif self.devices.process == 0:
            _checkpoint.save_best(self.folder, step, state)
        self.position = replace(self.position, best_step=step, best_score=score, worse=0)

    def _reason_to_stop(self, validation: Validation | None) -> str:
        if validation and validation.forbidden:
            return validation.forbidden
        if validation and 0 < self.settings.patience <= self.position.worse:
            return f"no better validation for {self.position.worse} of them"
        return "all steps are done" if self.position.step >= self.settings.steps else ""

    def _restore_best(self) -> None:
        step = self.position.best_step
        if step is None:
            return
        self.devices.broadcast(None)  # the first process has written it
        best = _checkpoint.load_best(self.folder, step) if self.folder else self.best
        _state.restore_state(self.model, best)

    # ------------------------------------------------------------------ record

    def _save(self) -> None:
        if self.folder is not None and self.devices.process == 0:
            state = _state.trained_state(self.model)
            state |= _state.optimiser_state(self.model, self.optimiser)
            _checkpoint.save_checkpoint(self.folder, self.position, state)

    def _record(
        self, loss: float | None, rate: float, norm: float | None, validation: Validation | None
    ) -> StepRecord:
        position = self.position
        return StepRecord(
            step=position.step,
            loss=loss,
            learning_rate=rate,
            gradient_norm=norm,
            items=position.items,
            seconds=position.seconds,
            validation=validation,
            best_step=position.best_step,
            stopped=position.stopped,
        )
