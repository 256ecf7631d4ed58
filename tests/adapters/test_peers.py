"""Each row of the table of the peers' defects: what they do wrong is exact here."""

import warnings
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="adapters need torch")
pytest.importorskip("peft", reason="the peer")
pytest.importorskip("diffusers", reason="the peer")

from benchmarks.adapters.against_peers import ROWS

OPERATIONS = (
    "PEFT: one rsLoRA alone at weight 1",
    "PEFT: one LoRA with bias alone at weight 1",
    "PEFT: one DoRA alone at weight 1",
    "PEFT: two DoRAs merged",
    "PEFT: two DoRAs merged in another order",
    "diffusers to kohya: rank 4, alpha 2",
    "diffusers to kohya: rank 4, alpha 16",
    "diffusers to kohya: DoRA",
    "diffusers reads kohya: DoRA",
    "diffusers reads LyCORIS: LoKr",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ours_is_exact(operation: str, tmp_path: Path) -> None:
    assert tuple(ROWS) == OPERATIONS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own
        _, ours = ROWS[operation](tmp_path)
    assert ours < 1e-12
