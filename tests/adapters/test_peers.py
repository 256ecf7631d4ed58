"""Each row of the table of the peers' defects: what they do wrong is exact here."""

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch", reason="adapters need torch")
pytest.importorskip("peft", reason="the peer")
pytest.importorskip("diffusers", reason="the peer")

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "adapters_against_peers.py"
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


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("adapters_against_peers", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ours_is_exact(operation: str, tmp_path: Path) -> None:
    rows = script().ROWS
    assert tuple(rows) == OPERATIONS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own
        _, ours = rows[operation](tmp_path)
    assert ours < 1e-12
