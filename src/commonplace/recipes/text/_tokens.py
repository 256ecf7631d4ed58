"""Text as blocks of tokens: documents one after the other, an end of text between them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from commonplace.foundation import InputError
from commonplace.recipes.text._split import TrainingText


def blocks(tokenizer: Any, documents: Sequence[TrainingText], length: int) -> Tensor:
    """Token numbers [count, length]; what does not fill a last block is left.

    Raises:
        InputError: the text does not fill one block.
    """
    stream: list[int] = []
    for document in documents:
        stream += tokenizer(document.text, add_special_tokens=False, verbose=False)["input_ids"]
        if tokenizer.eos_token_id is not None:
            stream.append(tokenizer.eos_token_id)
    count = len(stream) // length
    if not count:
        raise InputError(
            f"there are only {len(stream)} tokens of text where a block of {length} is needed; "
            "select more text"
        )
    return torch.tensor(stream[: count * length]).reshape(count, length)


def spread(rows: Tensor, most: int) -> Tensor:
    """At most so many of the rows, evenly spread."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most).round().long()]


def next_token_loss(model: nn.Module, items: list[Tensor]) -> Tensor:
    """The mean cross-entropy of each block's tokens after its first, in nats."""
    tokens = torch.stack(items).to(next(model.parameters()).device)
    logits: Tensor = model(tokens)
    return nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), tokens[:, 1:].flatten()
    )
