"""`plan demand`: bytes against simulated collectives and hand-made sums; chips that fit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from commonplace.capacity.demand.model_shapes import SHAPES, adapter_weights, count, shape
from commonplace.capacity.demand.training import (
    Chip,
    Job,
    all_reduce,
    chips_that_fit,
    demand,
    rows,
    sent_bytes,
    step_seconds,
)
from commonplace.cli import program
from commonplace.foundation import InputError

LLAMA_8B = SHAPES[8.03e9]


def ring_all_reduce(values: list[list[int]]) -> tuple[list[list[int]], int]:
    """A ring all-reduce carried out: what every rank holds then, and numbers sent by each."""
    ranks = len(values)
    held = [list(row) for row in values]
    sent = 0
    for step in range(2 * (ranks - 1)):
        moves = [(rank, (rank - step) % ranks) for rank in range(ranks)]
        chunks = [held[rank][chunk] for rank, chunk in moves]
        for (rank, chunk), value in zip(moves, chunks, strict=True):
            to = (rank + 1) % ranks
            held[to][chunk] = held[to][chunk] + value if step < ranks - 1 else value
        sent += 1
    return held, sent


@pytest.mark.parametrize("ranks", [1, 2, 3, 8])
def test_all_reduce_is_what_a_ring_sends(ranks: int) -> None:
    values = [[rank * 100 + chunk for chunk in range(ranks)] for rank in range(ranks)]
    held, sent = ring_all_reduce(values)
    sums = [sum(column) for column in zip(*values, strict=True)]
    assert all(row == sums for row in held)
    assert all_reduce(ranks, ranks) == pytest.approx(sent)


def test_adapter_weights_are_those_of_peft() -> None:
    """Rank 16 on all linear maps of Llama 3 8B trains 41,943,040 weights (as PEFT prints)."""
    assert adapter_weights(LLAMA_8B, 16) == 41_943_040


def test_shapes_by_size() -> None:
    assert shape(count("8B")) == LLAMA_8B
    assert shape(count("7b")).hidden == 4096
    unknown = shape(count("175B"))
    assert unknown.estimated
    assert 12 * unknown.layers * unknown.hidden**2 == pytest.approx(175e9, rel=0.01)
    for wrong in ("", "eight", "8X", "-8B", "0", "1e99", "8B8"):
        with pytest.raises(InputError, match="no number of weights"):
            count(wrong)


def test_full_training_by_hand() -> None:
    """8.03B weights, 2 bytes, 256 replicas: 2 x 255/256 x 16.06 GB; 6 N operations a token."""
    job = Job(LLAMA_8B, 256, 256)
    found = demand(job)
    seconds = 6 * 8.03e9 * 16 * 8192 / (989e12 * 0.4)
    assert found.step_seconds == pytest.approx(seconds)
    assert found.sent["all-reduce of gradients"] == pytest.approx(2 * 255 / 256 * 16.06e9)
    assert found.chip_gbps == pytest.approx(2 * 255 / 256 * 16.06 * 8 / seconds)
    assert found.south_gbps == pytest.approx(found.chip_gbps * 256)
    assert sum(found.sent.values()) == found.sent["all-reduce of gradients"]


def test_megatron_by_hand() -> None:
    """Tensor 8: four all-reduces of b s h a layer; pipeline 4: b s h each way (SC'21, 3.2)."""
    big = SHAPES[70.6e9]
    job = Job(big, 512, 16, 8, 4, sequences=2, sequence=4096)
    sent = sent_bytes(job)
    activations = 2 * 4096 * 8192 * 2
    assert sent["all-reduce of activations"] == pytest.approx(20 * 4 * 2 * 7 / 8 * activations)
    assert sent["activations between stages"] == pytest.approx(2 * 3 / 4 * activations)
    assert sent["all-reduce of gradients"] == pytest.approx(2 * 15 / 16 * 70.6e9 / 32 * 2)
    inside = demand(job).fabric
    assert inside["all-reduce of activations"] == 0  # 8 ranks fit a scale-up domain of 8
    assert inside["all-reduce of gradients"] == sent["all-reduce of gradients"]
    assert demand(job, Chip(scale_up=4)).fabric["all-reduce of activations"] > 0


def test_zero_stage_3_sends_half_as_much_again() -> None:
    plain = sent_bytes(Job(LLAMA_8B, 64, 64))["all-reduce of gradients"]
    sharded = sent_bytes(Job(LLAMA_8B, 64, 64, sharded=True))["all-reduce of gradients"]
    assert sharded == pytest.approx(1.5 * plain)


def test_experts_send_tokens_there_and_back_in_both_passes() -> None:
    job = Job(LLAMA_8B, 64, 64, expert_parallel=8, top_experts=2, sequences=1, sequence=1024)
    expected = 4 * 32 * 2 * 7 / 8 * 1024 * 4096 * 2
    assert sent_bytes(job)["all-to-all of experts"] == pytest.approx(expected)


@given(
    replicas=st.integers(2, 4096),
    rank=st.sampled_from([4, 16, 64]),
    tensor=st.sampled_from([1, 8]),
    pipeline=st.sampled_from([1, 4]),
)
def test_the_chips_that_fit_are_the_most(
    replicas: int, rank: int, tensor: int, pipeline: int
) -> None:
    chips = replicas * tensor * pipeline
    full = Job(LLAMA_8B, chips, replicas, tensor, pipeline)
    network = demand(full).south_gbps
    adapter = replace(full, trainable=float(adapter_weights(LLAMA_8B, rank)))
    fits = chips_that_fit(adapter, network)
    if fits is None:
        assert chips <= 8
        return

    def needed(count: int) -> float:
        larger = replace(adapter, chips=count, data_parallel=count // tensor // pipeline)
        return demand(larger).south_gbps

    # it may be less than there are: steps are shorter, activations between stages as large
    assert fits >= chips or pipeline > 1
    assert (needed(fits) if fits else 0) <= network * (1 + 1e-9) < needed(fits + tensor * pipeline)


def test_an_adapter_lets_many_more_chips_on_the_same_network() -> None:
    full = Job(LLAMA_8B, 256, 256)
    adapter = replace(full, trainable=41_943_040.0)
    fits = chips_that_fit(adapter, demand(full).south_gbps)
    assert fits is not None
    # 191 times fewer gradients, steps of 4 instead of 6 operations a weight and token
    shorter = step_seconds(full, Chip()) / step_seconds(adapter, Chip())
    assert fits == pytest.approx(256 * 8.03e9 / 41_943_040 / shorter, rel=0.01)


def test_rows_of_two_houses() -> None:
    job = Job(LLAMA_8B, 64, 64, houses=2, step_seconds=10.0)
    projects, flows = rows(job, "tune", ("h1", "h2"), need=3)
    assert [(p.id, p.fixed, p.need, p.racks, p.ports) for p in projects] == [
        ("tune-1", "h1", 3, 1.0, 32),
        ("tune-2", "h2", 3, 1.0, 32),
    ]
    gbps = 2 * 1 / 2 * 16.06 * 8 / 10
    assert [(f.a, f.z) for f in flows] == [("h1", "h2"), ("h2", "h1")]
    assert [f.gbps for f in flows] == pytest.approx([gbps, gbps], abs=1e-3)


def test_degrees_must_multiply_to_the_chips() -> None:
    with pytest.raises(InputError, match="4 x 2 x 1 = 8, and there are 9 chips"):
        Job(LLAMA_8B, 9, 4, 2)
    with pytest.raises(InputError, match="expert-parallel must divide"):
        Job(LLAMA_8B, 9, 9, expert_parallel=2)
    with pytest.raises(InputError, match="multiple of the houses"):
        Job(LLAMA_8B, 9, 9, houses=2)


def run(*words: str) -> Result:
    return CliRunner().invoke(program, ["plan", "demand", *words], prog_name="commonplace")


def test_the_command(tmp_path: Path) -> None:
    words = ("--model", "8B", "--chips", "256", "--data-parallel", "256")
    shown = run(*words, "--adapter-rank", "16")
    assert shown.exit_code == 0, shown.output
    for part in ("41.9M weights are trained", "the same network carries", "projects.csv"):
        assert part in shown.stdout
    told = json.loads(run(*words, "--adapter-rank", "16", "--json").stdout)
    full = Job(LLAMA_8B, 256, 256)
    fits = chips_that_fit(replace(full, trainable=41_943_040.0), demand(full).south_gbps)
    assert told["adapter"]["chips_that_fit"] == fits
    assert (told["projects"][0]["ports"], told["projects"][0]["kind"]) == (256, "machine")
    run(*words, "--at", "a", "--at", "b", "--out", str(tmp_path / "job"))
    assert (tmp_path / "job" / "flows.csv").read_text().startswith("product,class,a,z,gbps")
    again = run(*words, "--out", str(tmp_path / "job"))
    assert again.exit_code != 0
