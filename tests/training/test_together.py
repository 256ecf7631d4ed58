"""Two processes through accelerate, on the CPU: the same losses as one with twice the batch."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("accelerate", reason="several processes need accelerate")

from dataclasses import replace

from commonplace.foundation import InputError
from commonplace.training import DataParallel, TrainingSettings, train
from patience import PATIENCE
from training_tasks import (
    one_thread,  # noqa: F401
    pairs,
    plain_network,
    squares,
)


def test_two_processes_are_one_with_twice_the_batch(tmp_path: Path) -> None:
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    program = str(Path(__file__).parents[1] / "fixtures" / "training_tasks.py")
    done = subprocess.run(
        [sys.executable, *launch, program, str(tmp_path), "--together"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    together = [float.fromhex(line.split()[1]) for line in done.stdout.splitlines()]
    alone = TrainingSettings(steps=8, batch=6, accumulation=2, validate_every=4)
    losses = [one.loss for one in train(plain_network(), pairs(), squares, alone)]
    assert together == pytest.approx(losses, rel=1e-5)
    assert len(together) == 8
    halved = train(plain_network(), pairs(), squares, replace(alone, batch=3))
    assert [one.loss for one in halved] != pytest.approx(losses, rel=1e-3)
    assert {file.name for file in tmp_path.iterdir()} >= {"last.safetensors"}


def test_sharded_parameters_are_refused() -> None:
    class Sharded:
        distributed_type = "DistributedType.FSDP"

    with pytest.raises(InputError, match="configure accelerate without FSDP"):
        DataParallel(Sharded())
