"""llama.cpp's adapters, against llama.cpp itself: what it says with one is what torch says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch

from commonplace.adapters import (
    Adapter,
    Layer,
    Provenance,
    TrainingItem,
    create,
    open_adapter,
    resize,
    save_adapter,
)
from commonplace.foundation import InputError
from llama_scores import NEAR, distance, filled, llama_scores, scores, worn_scores
from tiny_llama import tiny_llama, write_model

INSIDE = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Any, Path]]:
    """A model of torch, and its GGUF file."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[str, tuple[Any, Path]] = {}

    def model(architecture: str = "llama", tied: bool = False) -> tuple[Any, Path]:
        name = f"{architecture}{'-tied' * tied}"
        if name not in made:
            path = folder / f"{name}.gguf"
            one = tiny_llama(architecture, tied=tied)
            write_model(one, path)
            made[name] = one, path
        return made[name]

    return model


Models = Callable[..., tuple[Any, Path]]


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("module", [*INSIDE, "embed_tokens", "lm_head"])
def test_llama_wears_what_torch_wears(
    models: Models, tmp_path: Path, architecture: str, module: str
) -> None:
    model, path = models(architecture)
    adapter = filled(create(model, f"*{module}", rank=4, alpha=8))
    save_adapter(adapter, tmp_path / "a.gguf", format="gguf", base=path)
    expected = worn_scores(model, (adapter, 1.0))
    assert distance(expected, scores(model)) > 10 * NEAR, "it acts"
    assert distance(llama_scores(path, (tmp_path / "a.gguf", 1.0)), expected) < NEAR
    weak = worn_scores(model, (adapter, -0.4))
    assert distance(llama_scores(path, (tmp_path / "a.gguf", -0.4)), weak) < NEAR


def test_two_at_once_with_strengths(models: Models, tmp_path: Path) -> None:
    model, path = models()
    one = filled(create(model, "*proj", rank=2, kind="rslora", alpha=3), 0.2)
    other = filled(create(model, ["*q_proj", "*down_proj"], rank=5), 0.2, seed=2)
    save_adapter(one, tmp_path / "a.gguf", format="gguf", base=path)
    save_adapter(other, tmp_path / "b.gguf", format="gguf", base=path)
    expected = worn_scores(model, (one, 1.0), (other, 0.5))
    found = llama_scores(path, (tmp_path / "a.gguf", 1.0), (tmp_path / "b.gguf", 0.5))
    assert distance(expected, scores(model)) > 10 * NEAR
    assert distance(found, expected) < NEAR


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_there_and_back_changes_no_bit(models: Models, tmp_path: Path, dtype: torch.dtype) -> None:
    model, path = models()
    adapter = filled(create(model, ["*proj", "*embed_tokens"], rank=4, alpha=6)).map(
        lambda _, layer: layer.map(lambda one: one.to(dtype))
    )
    facts = Provenance("tiny", "f" * 64, trained_on=(TrainingItem("a", "b"),), steps=7, title="t")
    adapter = Adapter(adapter.layers, facts)
    save_adapter(adapter, tmp_path / "a.gguf", format="gguf", base=path)
    back = open_adapter(tmp_path / "a.gguf")
    assert back.provenance == facts
    assert set(back.layers) == set(adapter.layers)
    for name, layer in adapter.layers.items():
        assert back.layers[name].scale == layer.scale
        assert back.layers[name].embedding == layer.embedding
        for part, one in layer.tensors.items():
            assert torch.equal(back.layers[name].tensors[part], one), (name, part)
    assert distance(llama_scores(path, (tmp_path / "a.gguf", 1.0)), scores(model)) > NEAR


def layer(rank: int, alpha: float, seed: int) -> Layer:
    chance = torch.Generator().manual_seed(seed)
    factors = {
        "up": torch.randn(64, rank, generator=chance) * 0.4,
        "down": torch.randn(rank, 64, generator=chance) * 0.4,
    }
    return Layer("lora", factors, alpha, rank)


@pytest.mark.parametrize(
    "settings",
    [
        {"0": (4, 8.0), "1": (2, 8.0)},  # one alpha: as it is
        {"0": (4, 4.0), "1": (3, 3.0)},  # one scale: filled with zeros
        {"0": (4, 4.0), "1": (4, 16.0)},  # scales a power of two apart
        {"0": (4, 4.0), "1": (3, 6.0)},  # both
    ],
)
def test_scales_of_several_layers_are_exact(
    models: Models, tmp_path: Path, settings: dict[str, tuple[int, float]]
) -> None:
    model, path = models()
    layers = {
        f"model.layers.{number}.self_attn.q_proj": layer(*chosen, seed=int(number))
        for number, chosen in settings.items()
    }
    adapter = Adapter(layers)
    save_adapter(adapter, tmp_path / "a.gguf", format="gguf", base=path)
    back = open_adapter(tmp_path / "a.gguf")
    for name, one in layers.items():
        products = [
            (each.factors["up"].double() * each.scale) @ each.factors["down"].double()
            for each in (one, back.layers[name])
        ]
        assert torch.equal(*products)
    expected = worn_scores(model, (adapter, 1.0))
    assert distance(llama_scores(path, (tmp_path / "a.gguf", 1.0)), expected) < NEAR


def test_scales_that_no_alpha_says_are_refused_and_resizing_mends_it(
    models: Models, tmp_path: Path
) -> None:
    model, path = models()
    names = [f"model.layers.{number}.self_attn.k_proj" for number in range(2)]
    short = [
        Layer("lora", {"up": one.factors["up"][:32], "down": one.factors["down"]}, one.alpha, 4)
        for one in (layer(4, 4.0, 1), layer(4, 12.0, 2))
    ]
    adapter = Adapter(dict(zip(names, short, strict=True)))
    target = tmp_path / "a.gguf"
    with pytest.raises(InputError, match="one alpha"):
        save_adapter(adapter, target, format="gguf", base=path)
    assert not target.exists()
    save_adapter(resize(adapter, energy=1.0), target, format="gguf", base=path)
    expected = worn_scores(model, (adapter, 1.0))
    assert distance(llama_scores(path, (target, 1.0)), expected) < NEAR


@pytest.mark.parametrize("kind", ["dora", "loha", "lokr"])
def test_what_is_no_low_rank_product_is_refused(models: Models, tmp_path: Path, kind: Any) -> None:
    model, path = models()
    with pytest.raises(InputError, match="low-rank products alone"):
        save_adapter(
            create(model, "*q_proj", kind=kind), tmp_path / "a.gguf", format="gguf", base=path
        )
    assert not (tmp_path / "a.gguf").exists()


def test_an_embedding_that_is_the_output_too_is_refused(models: Models, tmp_path: Path) -> None:
    model, path = models(tied=True)
    with pytest.raises(InputError, match="output layer too"):
        save_adapter(create(model, "*embed_tokens"), tmp_path / "a.gguf", format="gguf", base=path)
    with pytest.raises(InputError, match="no output layer of its own"):
        save_adapter(create(model, "*lm_head"), tmp_path / "a.gguf", format="gguf", base=path)


def foreign(path: Path, *, architecture: str = "llama", alpha: float = 8.0, **more: Any) -> None:
    """As llama.cpp's own converter writes one: nothing about heads."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(more.pop("type", gguf.GGUFType.ADAPTER))
    writer.add_string(gguf.Keys.Adapter.TYPE, more.pop("how", "lora"))
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for name, one in more.pop("tensors").items():
        writer.add_tensor(name, one)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pair(name: str, out: int = 64, rank: int = 4, inputs: int = 64) -> dict[str, Any]:
    chance = np.random.default_rng(3)
    return {
        f"{name}.weight.lora_a": chance.normal(0, 0.3, (rank, inputs)).astype(np.float32),
        f"{name}.weight.lora_b": chance.normal(0, 0.3, (out, rank)).astype(np.float32),
    }


def test_another_programs_adapter_is_read_with_its_base(models: Models, tmp_path: Path) -> None:
    model, path = models()
    source = tmp_path / "foreign.gguf"
    foreign(source, tensors=pair("blk.1.attn_q") | pair("blk.0.ffn_down", inputs=96), alpha=2.0)
    with pytest.raises(InputError, match="--base"):
        open_adapter(source)
    expected = llama_scores(path, (source, 1.0))
    adapter = open_adapter(source, base=path)
    assert sorted(adapter.layers) == [
        "model.layers.0.mlp.down_proj",
        "model.layers.1.self_attn.q_proj",
    ]
    assert distance(worn_scores(model, (adapter, 1.0)), expected) < NEAR
    assert distance(scores(model), expected) > 10 * NEAR
    model.save_pretrained(tmp_path / "folder")
    same = open_adapter(source, base=tmp_path / "folder")
    name = "model.layers.1.self_attn.q_proj"
    assert torch.equal(same.layers[name].factors["up"], adapter.layers[name].factors["up"])


def test_no_alpha_is_a_scale_of_1(tmp_path: Path) -> None:
    foreign(tmp_path / "a.gguf", tensors=pair("blk.0.ffn_up"), alpha=0.0)
    (one,) = open_adapter(tmp_path / "a.gguf").layers.values()
    assert one.scale == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": "model", "tensors": pair("blk.0.ffn_up")}, "no adapter"),
        ({"how": "control", "tensors": pair("blk.0.ffn_up")}, "lora is read"),
        ({"tensors": pair("blk.0.strange")}, "blk.0.strange"),
        ({"tensors": {"blk.0.attn_norm.weight": np.ones(64, np.float32)}}, "attn_norm"),
        ({"tensors": dict([*pair("blk.0.ffn_up").items()][:1])}, "lora_a"),
        ({"architecture": "mamba", "tensors": pair("blk.0.ffn_up")}, "architecture mamba"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    foreign(tmp_path / "a.gguf", **more)
    with pytest.raises(InputError, match=reason):
        open_adapter(tmp_path / "a.gguf")


def test_shapes_and_numbers_that_make_no_sense_are_named(tmp_path: Path) -> None:
    tensors = pair("blk.0.ffn_up")
    tensors["blk.0.ffn_up.weight.lora_b"] = np.ones((64, 3), np.float32)
    foreign(tmp_path / "a.gguf", tensors=tensors)
    with pytest.raises(InputError, match="make no product"):
        dict(open_adapter(tmp_path / "a.gguf").layers)
    tensors = pair("blk.0.ffn_up")
    tensors["blk.0.ffn_up.weight.lora_a"][2, 2] = np.nan
    foreign(tmp_path / "b.gguf", tensors=tensors)
    with pytest.raises(InputError, match="NaN"):
        dict(open_adapter(tmp_path / "b.gguf").layers)


def test_an_adapter_for_another_model_is_not_written(models: Models, tmp_path: Path) -> None:
    _, path = models()
    name = "model.layers.0.self_attn.q_proj"
    wrong = {
        "another one": {"model.layers.7.self_attn.q_proj": layer(4, 4.0, 1)},
        r"is for a weight \[64, 64\]": {"model.layers.0.mlp.up_proj": layer(4, 4.0, 1)},
        "no name for": {f"{name}.conv": layer(4, 4.0, 1)},
    }
    for reason, layers in wrong.items():
        with pytest.raises(InputError, match=reason):
            save_adapter(Adapter(layers), tmp_path / "a.gguf", format="gguf", base=path)
    with pytest.raises(InputError, match="as the base"):
        save_adapter(Adapter({name: layer(4, 4.0, 1)}), tmp_path / "a.gguf", format="gguf")
    assert list(tmp_path.iterdir()) == []
