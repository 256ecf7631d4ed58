"""The loop: what is the result, when it ends, what it refuses, and that accumulation is exact."""

import errno
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch")

import torch
from torch import Tensor, nn

from commonplace.foundation import InputError
from commonplace.training import TrainingSettings, Validation, train
from training_tasks import (
    SETTINGS,
    held_out,
    network,
    one_thread,  # noqa: F401
    pairs,
    plain_network,
    run,
    squares,
)

PLAIN = TrainingSettings(steps=6, batch=4, learning_rate=0.01, validate_every=2, save_every=2)


def test_it_learns_and_the_best_is_the_result() -> None:
    model = network()
    records = list(run(None, model, settings=replace(SETTINGS, steps=100)))
    scores = {r.step: r.validation.score for r in records if r.validation}
    best = max(scores, key=lambda step: scores[step])
    assert scores[best] > 0.7 * scores[0]
    assert records[-1].best_step == best
    with torch.no_grad():
        assert held_out(model.eval()).score == scores[best]


def test_the_best_and_not_the_last() -> None:
    """Scores fall after the second validation: what the model held then is what it holds now."""
    seen: dict[int, Tensor] = {}
    scores = iter([0.0, 3.0, 2.0, 1.0, 0.5])

    def validate(model: nn.Module) -> Validation:
        seen[len(seen)] = next(model.parameters()).clone()
        return Validation(next(scores))

    model = network()
    records = list(run(None, model, settings=replace(SETTINGS, patience=2), validate=validate))
    assert records[-1].stopped == "no better validation for 2 of them"
    assert (records[-1].step, records[-1].best_step) == (21, 7)
    assert torch.equal(next(model.parameters()), seen[1])
    assert not torch.equal(seen[1], seen[3])


def test_what_is_forbidden_is_never_the_best() -> None:
    scores = iter([Validation(0.0), Validation(1.0), Validation(9.0, {}, "it drifted")])
    records = list(run(None, validate=lambda _: next(scores)))
    assert (records[-1].stopped, records[-1].best_step) == ("it drifted", 7)


def test_accumulation_is_one_large_batch() -> None:
    """Twice 3 items are 6: the loop, against AdamW by hand."""
    model, reference = plain_network(), plain_network()
    settings = replace(PLAIN, batch=3, accumulation=2, clip=0.0, weight_decay=0.1, steps=5)
    records = list(train(model, pairs(6), squares, settings))
    matrices = [one for one in reference.parameters() if one.ndim > 1]
    vectors = [one for one in reference.parameters() if one.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    by_hand = torch.optim.AdamW(groups, betas=settings.betas)
    for record in records:
        loss = squares(reference, pairs(6))
        assert record.loss == pytest.approx(loss.item(), rel=1e-5)
        by_hand.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in by_hand.param_groups:
            group["lr"] = record.learning_rate
        by_hand.step()
    for one, two in zip(model.parameters(), reference.parameters(), strict=True):
        assert torch.allclose(one, two, atol=1e-6)


def test_the_gradient_is_clipped() -> None:
    """With a norm of almost nothing AdamW's first step is that of its epsilon: hardly any."""
    moved = {}
    for clip in (0.0, 1e-12):
        model = plain_network()
        (record,) = train(model, pairs(), squares, replace(PLAIN, steps=1, warm_up=0, clip=clip))
        moved[clip] = float((_first(model) - _first(plain_network())).norm())
        assert record.gradient_norm is not None
        assert record.gradient_norm > 0.1
    assert moved[1e-12] < 1e-3 * moved[0.0]


def test_the_callers_chance_is_left_alone() -> None:
    def drawn() -> list[float]:
        return [random.random(), float(np.random.rand()), float(torch.rand(()))]

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(5)
    wanted = drawn()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(5)
    list(run(None, settings=replace(SETTINGS, steps=2)))
    assert drawn() == wanted


def test_nothing_to_learn_from_and_nothing_to_train() -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        next(train(network(), [], squares, PLAIN))
    with pytest.raises(InputError, match="no parameter that takes a gradient"):
        next(train(network().requires_grad_(False), pairs(), squares, PLAIN))


def test_a_loss_that_is_no_number(tmp_path: Path) -> None:
    """The step is named, the parameters are those before it, the checkpoint stays."""
    calls = 0

    def breaks(model: nn.Module, items: list[tuple[Tensor, Tensor]]) -> Tensor:
        nonlocal calls
        calls += 1
        return squares(model, items) * (float("nan") if calls == 4 else 1.0)

    model = network()
    with pytest.raises(
        InputError, match=r"nan at step 4, .* the checkpoint of step 2 stays; .*0\.01"
    ):
        list(train(model, pairs(), breaks, PLAIN, folder=tmp_path))
    assert all(one.isfinite().all() for one in model.parameters())
    resumed = list(train(network(), pairs(), squares, PLAIN, folder=tmp_path, resume=True))
    assert [one.step for one in resumed] == [3, 4, 5, 6]


def test_a_full_disk_leaves_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of step 2 stays as it is when that of step 4 finds no room."""
    records = train(network(), pairs(), squares, PLAIN, folder=tmp_path)
    assert [next(records).step, next(records).step] == [1, 2]
    kept = (tmp_path / "last.safetensors").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(InputError, match=r"No space left on device\); the one before it stays"):
            list(records)
    assert (tmp_path / "last.safetensors").read_bytes() == kept
    assert [file.name for file in tmp_path.iterdir()] == ["last.safetensors"]


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_broken_checkpoint_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.safetensors").write_bytes(content)
    with pytest.raises(InputError, match="no checkpoint that can be read"):
        next(train(network(), pairs(), squares, PLAIN, folder=tmp_path, resume=True))
    assert len(list(train(network(), pairs(), squares, PLAIN, folder=tmp_path))) == 6


def _first(model: nn.Module) -> Tensor:
    return next(model.parameters()).detach()
