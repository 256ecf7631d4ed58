"""What a language model gained on held-out text, and how far it drifted on unrelated text.

Notable: both, always. Gain is the fall of the mean loss on held-out blocks (log of the ratio of
perplexities). Drift is the mean KL divergence of the base's next-token distribution from the
present one, on a fixed text of prose, code and dialogue that we wrote for it; and the perplexity of
that text. The base's distributions are kept at every fourth place only, which keeps their memory
at a quarter (126 MB for a vocabulary of 49,152).
"""

import hashlib
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import torch
from torch import Tensor, nn

from commonplace.foundation import InputError
from commonplace.training import Validation

UNRELATED_SHA256: Final = "b80a04e80694feb17f5efdb06ceb62f44a829ac3b10074449db83bbab0e5fc60"
_EACH: Final = 4  # every fourth place
_ROWS: Final = 2  # blocks of a forward pass


def unrelated_text() -> str:
    """The fixed text that drift is measured on.

    Raises:
        InputError: it is not the one that was shipped, so no figure could be compared.
    """
    data = files("commonplace.recipes.text").joinpath("unrelated.txt").read_bytes()
    if hashlib.sha256(data).hexdigest() != UNRELATED_SHA256:
        raise InputError("the unrelated text was changed; install commonplace anew")
    return data.decode()


@dataclass(frozen=True)
class TextScores:
    """A model's mean loss in nats on some blocks [n, length], and its distributions."""

    loss: float
    distributions: tuple[Tensor, ...] = ()  # log probabilities at every fourth place

    @property
    def perplexity(self) -> float:
        """The number of tokens that the model is as uncertain between."""
        return math.exp(self.loss)


class Measure:
    """Compares a model with what it was before; a `validate` of the training loop.

    Args:
        held_out: blocks [n, length] that are not trained on.
        unrelated: blocks that have nothing to do with them.
        weight: nats of gain that a nat of divergence must bring.
        limit: the greatest divergence that a result may have, nats a token.
        base_only: a context in which the model is what it was before; without one it is that at the
            first call.
    """

    def __init__(
        self,
        held_out: Tensor,
        unrelated: Tensor,
        weight: float,
        limit: float,
        base_only: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.held_out, self.unrelated = held_out, unrelated
        self.weight, self.limit, self.base_only = weight, limit, base_only
        self._before: tuple[TextScores, TextScores] | None = None

    def before(self, model: nn.Module) -> tuple[TextScores, TextScores]:
        """The scores of held-out and unrelated text by the model as it was; measured once."""
        if self._before is None:
            with self.base_only(), torch.no_grad():
                held_out = evaluate(model, self.held_out)
                self._before = held_out, evaluate(model, self.unrelated, keep=True)
        return self._before

    def __call__(self, model: nn.Module) -> Validation:
        """Figures, and the score gain - weight * divergence."""
        held_out, unrelated = self.before(model)
        loss = evaluate(model, self.held_out).loss
        drifted, divergence = compare(model, self.unrelated, unrelated)
        gain = held_out.loss - loss
        figures = {
            "held_out_perplexity": math.exp(loss),
            "unrelated_perplexity": math.exp(drifted),
            "gain": gain,
            "divergence": divergence,
        }
        forbidden = ""
        if divergence > self.limit:
            drift = f"the drift of {divergence:.3f} nats a token"
            forbidden = f"{drift} is above its limit of {self.limit:g}"
        return Validation(gain - self.weight * divergence, figures, forbidden)


def evaluate(model: nn.Module, blocks: Tensor, keep: bool = False) -> TextScores:
    """Measure the mean loss of the blocks' tokens after their first; `keep` the distributions."""
    losses, distributions = [], []
    for rows in _batches(blocks):
        logs = _logs(model, rows)
        losses.append(_losses(logs, rows))
        if keep:
            # A view would keep the distributions of all places.
            distributions.append(logs[:, _EACH - 1 :: _EACH].clone())
    return TextScores(float(torch.cat(losses).mean()), tuple(distributions))


def compare(model: nn.Module, blocks: Tensor, base: TextScores) -> tuple[float, float]:
    """Mean loss, and mean KL(base || model) in nats a token."""
    losses, divergences = [], []
    for rows, base_logs in zip(_batches(blocks), base.distributions, strict=True):
        logs = _logs(model, rows)
        losses.append(_losses(logs, rows))
        model_logs = logs[:, _EACH - 1 :: _EACH]
        divergences.append((base_logs.exp() * (base_logs - model_logs)).sum(-1).flatten())
    return float(torch.cat(losses).mean()), float(torch.cat(divergences).double().mean())


def _batches(blocks: Tensor) -> list[Tensor]:
    return [blocks[at : at + _ROWS] for at in range(0, len(blocks), _ROWS)]


def _logs(model: nn.Module, rows: Tensor) -> Tensor:
    """Log probabilities [n, length - 1, vocabulary] of each next token."""
    with torch.no_grad():
        logits: Tensor = model(rows.to(next(model.parameters()).device))
        return logits[:, :-1].float().log_softmax(-1)


def _losses(logs: Tensor, rows: Tensor) -> Tensor:
    """Minus the log probability of each token after the first, [n * (length - 1)]."""
    targets = rows[:, 1:].to(logs.device).unsqueeze(-1)
    return -logs.gather(-1, targets).flatten()
