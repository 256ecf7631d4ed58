"""What goes into a training and what comes out: settings, the record of a step, a validation.

Notable: all frozen, all plain numbers and words, so that a record can be logged and compared as it
is. Settings that cannot work are refused when they are made, each with one sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from commonplace.foundation import InputError

Decay = Literal["cosine", "linear", "constant"]
Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True)
class TrainingSettings:
    """What is fixed before a training begins.

    The names and values are in the checkpoint, and a resumed run must have the same.
    """

    steps: int = 100  # changes of the parameters, at most
    batch: int = 2  # items of one forward pass in one process
    accumulation: int = 1  # forward passes of one step
    learning_rate: float = 1e-3  # the greatest, after the warm-up
    warm_up: int = 5  # steps in which the rate rises from nothing
    decay: Decay = "cosine"  # how it falls until the last step
    floor: float = 0.1  # the rate at the last step, as a part of the greatest
    weight_decay: float = 0.0  # of matrices only, decoupled (AdamW, 1711.05101)
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0  # the greatest norm of the gradient; 0: not clipped
    seed: int = 0  # of the items' order and of all that is random in a step
    precision: Precision = "auto"  # auto: bfloat16 on a GPU that has it, else float32
    validate_every: int = 10  # steps; also before the first and after the last
    patience: int = 3  # validations without a better one, then it stops; 0: never
    save_every: int = 10  # steps between checkpoints

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulation", "validate_every", "save_every"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in ("warm_up", "patience", "clip", "weight_decay"):
            _require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        _require(0 < self.learning_rate < 100, "learning_rate", self.learning_rate, "above 0")
        _require(0 <= self.floor <= 1, "floor", self.floor, "from 0 to 1")
        for name, choices in _CHOICES.items():
            _require(getattr(self, name) in choices, name, getattr(self, name), ", ".join(choices))


_CHOICES: Final = {"decay": get_args(Decay), "precision": get_args(Precision)}


@dataclass(frozen=True)
class Validation:
    """The figures of the present parameters on held-out data."""

    score: float  # greater is better; what the best is chosen by
    figures: Mapping[str, float] = field(default_factory=dict)  # for the record
    forbidden: str = ""  # why these parameters must not be the result, and training stops


@dataclass(frozen=True)
class StepRecord:
    """One step, as it was. Step 0 is the validation before the first, without a loss."""

    step: int
    loss: float | None  # mean over the step's items, in all processes
    learning_rate: float
    gradient_norm: float | None  # before clipping
    items: int  # seen since the beginning, in all processes
    seconds: float  # spent since the beginning, those before a resume included
    validation: Validation | None = None
    best_step: int | None = None  # of the best validation so far
    stopped: str = ""  # why this was the last step


def _require(holds: bool, name: str, value: object, requirement: str) -> None:
    if not holds:
        raise InputError(f"{name.replace('_', ' ')} is {value}; it must be {requirement}")
