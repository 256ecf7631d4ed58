"""After a kill -9 at any moment the next losses are those of an unbroken run, bit for bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch")

import torch

from commonplace.foundation import InputError
from commonplace.training import LAST
from training_tasks import (
    SETTINGS,
    network,
    one_thread,  # noqa: F401
    run,
)

_PROGRAM = [sys.executable, str(Path(__file__).parents[1] / "fixtures" / "training_tasks.py")]


@pytest.fixture
def unbroken() -> dict[int, str]:
    """The losses of a run in one process, without a folder."""
    return {r.step: r.loss.hex() for r in run(None) if r.loss is not None}


@pytest.mark.parametrize("lines", [2, 22])
def test_killed_and_resumed(tmp_path: Path, unbroken: dict[int, str], lines: int) -> None:
    killed = _losses(tmp_path, kill_after=lines)
    assert len(killed) < SETTINGS.steps
    resumed = _losses(tmp_path, "--resume")
    first = min(resumed)
    assert first <= max(killed) + 1
    assert (first - 1) % SETTINGS.save_every == 0
    assert len(resumed) >= 20
    assert resumed == {step: loss for step, loss in unbroken.items() if step >= first}
    assert killed == {step: unbroken[step] for step in killed}


def test_killed_again_and_again(tmp_path: Path, unbroken: dict[int, str]) -> None:
    """A run that is killed every few steps comes to the same end, and leaves nothing behind."""
    seen: dict[int, str] = {}
    for _ in range(2):
        seen |= _losses(tmp_path, "--resume", kill_after=17)
    seen |= _losses(tmp_path, "--resume")
    assert seen == unbroken
    left = {file.name for file in tmp_path.iterdir()}
    assert left - {LAST} == {name for name in left if name.startswith("best-")}
    assert len(left) == 2


def test_closed_and_resumed_where_it_was(tmp_path: Path, unbroken: dict[int, str]) -> None:
    records = run(tmp_path)
    for record in records:
        if record.step == 10:
            records.close()
    model = network()
    resumed = {r.step: r.loss.hex() for r in run(tmp_path, model, resume=True) if r.loss}
    assert min(resumed) == 11
    whole = network()
    assert resumed == {r.step: r.loss.hex() for r in run(None, whole) if r.loss and r.step > 10}
    for name, tensor in whole.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_resuming_what_is_done_gives_its_result_again(tmp_path: Path) -> None:
    first, again = network(), network()
    last = list(run(tmp_path, first))[-1]
    assert last.stopped == "all steps are done"
    (record,) = run(tmp_path, again, resume=True)
    assert (record.step, record.loss, record.stopped) == (60, None, last.stopped)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)
    )


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    records = run(tmp_path, configuration={"data": "aa"})
    next(records)
    records.close()
    other = replace(SETTINGS, learning_rate=0.5)
    with pytest.raises(InputError, match=r"data was \"aa\" and is \"bb\"; learning rate was 0.02"):
        next(run(tmp_path, settings=other, resume=True, configuration={"data": "bb"}))


def _losses(folder: Path, *words: str, kill_after: int = 0) -> dict[int, str]:
    """Run the program, and kill it when so many losses were read (0: let it end).

    It is killed wherever it is then, a few steps further on; what it printed until then counts.
    """
    command = [*_PROGRAM, str(folder), *words, *(["--watched"] if kill_after else [])]
    losses: dict[int, str] = {}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            step, loss = line.split()
            losses[int(step)] = loss
            if len(losses) == kill_after:
                os.kill(process.pid, signal.SIGKILL)
            elif len(losses) < kill_after:
                process.stdin.write("\n")
    if not kill_after:
        assert process.returncode == 0
    return losses
