"""What is chosen before a language model learns a user's notes.

Notable: a nat gained on held-out notes and a nat of divergence on unrelated text are the same unit
(nats a token), so one number weighs them: score = gain - weight * divergence.

    commonplace adapt text --help
"""

from dataclasses import dataclass, field
from typing import Final

from commonplace.adapters.choices import KINDS, Kind
from commonplace.foundation import InputError
from commonplace.training import TrainingSettings

# The rate was chosen on the held-out text of one source.
_TRAINING: Final = TrainingSettings(
    steps=60,
    batch=2,
    accumulation=1,
    learning_rate=5e-4,
    warm_up=6,
    validate_every=10,
    patience=2,
    save_every=5,
)


@dataclass(frozen=True)
class TextSettings:
    """How a language model learns from text. A resumed run must have the same."""

    kind: Kind = "lora"
    rank: int = 8
    alpha: float | None = None  # None: the rank, a scale of 1
    block: int = 256  # tokens that are read together
    held_out: float = 0.1  # the part of the text that chooses the step
    most_held_out: int = 16  # blocks of it that a validation reads, evenly spread
    tested: float = 0.1  # the part that chooses nothing, and is reported
    most_tested: int = 32  # blocks of it that are read
    drift_weight: float = 1.0  # nats of held-out gain that a nat of divergence must bring
    drift_limit: float = 0.1  # nats a token; beyond it training ends, and no result lies there
    training: TrainingSettings = field(default=_TRAINING)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.rank < 1:
            raise InputError(f"kind {self.kind} and rank {self.rank}: kinds are {', '.join(KINDS)}")
        if self.block < 8 or min(self.most_held_out, self.most_tested) < 1:
            raise InputError("a block has 8 tokens or more, and one at least is held out")
        if min(self.held_out, self.tested) <= 0 or self.held_out + self.tested >= 1:
            raise InputError("two parts of the text are held out, and one is left to learn")
        if not (self.drift_limit > 0 and self.drift_weight >= 0):
            raise InputError("the drift's limit must be above 0, and its weight not below")
