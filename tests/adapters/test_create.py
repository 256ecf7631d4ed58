"""Fresh adapters: chosen modules, the same from the same seed, and names that match nothing."""

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import nn

from commonplace.adapters import create, fingerprint
from commonplace.foundation import InputError
from networks import Everything, made


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ("all-linear", ["block.out"]),
        ("*", ["table", "line", "image", "groups", "block.out"]),
        (["block.*", "l*"], ["line", "block.out"]),
        ("image", ["image"]),
    ],
)
def test_patterns_choose_modules(patterns: str | list[str], names: list[str]) -> None:
    assert list(create(made(Everything), patterns).layers) == names


def test_the_same_seed_gives_the_same_factors() -> None:
    model = made(Everything)
    first, second, other = (create(model, "*", kind="loha", seed=seed) for seed in (1, 1, 2))
    for name, layer in first.layers.items():
        assert all(
            torch.equal(one, second.layers[name].factors[k]) for k, one in layer.factors.items()
        )
        assert not torch.equal(layer.factors["w1_b"], other.layers[name].factors["w1_b"])


def test_it_knows_its_base() -> None:
    model = made(Everything)
    known = create(model, base="everything", seed=3).provenance
    assert (known.base, known.fingerprint, known.seed) == ("everything", fingerprint(model), 3)


def test_names_that_match_nothing() -> None:
    model = made(Everything)
    with pytest.raises(InputError, match=r"no module is named block.in; the model has block.out"):
        create(model, "block.in")
    with pytest.raises(InputError, match="block is a ModuleDict; adapters change Linear"):
        create(model, "block")
    with pytest.raises(InputError, match="the model has none to adapt"):
        create(nn.ReLU(), "*")
    with pytest.raises(InputError, match="kinds are lora, rslora"):
        create(model, kind="vera")  # type: ignore[arg-type]


def test_all_linear_leaves_the_output_layer_out_as_peft_does() -> None:
    class Speaker(nn.Module):
        """A language model as transformers names its parts."""

        def __init__(self) -> None:
            super().__init__()
            self.table, self.inner = nn.Embedding(7, 4), nn.Linear(4, 4)
            self.head = nn.Linear(4, 7, bias=False)

        def get_output_embeddings(self) -> nn.Module:
            return self.head

    assert list(create(Speaker()).layers) == ["inner"]
    assert list(create(Speaker(), "head").layers) == ["head"]
