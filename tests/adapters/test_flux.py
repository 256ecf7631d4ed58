"""Flux's fused weights: diffusers' own conversion as the reference, and there and back."""

import importlib
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor

from commonplace.adapters import (
    Adapter,
    Layer,
    effect,
    flux_to_diffusers,
    flux_to_kohya,
    open_adapter,
    save_adapter,
)
from commonplace.adapters.formats.tensor_file import write_tensors
from commonplace.foundation import InputError

WIDTH, FLUX, RANK = 16, 3072, 2  # in Flux's proportions; and its own width
DOUBLE = {
    "img_attn_qkv": (3, 1),
    "txt_attn_qkv": (3, 1),
    "img_attn_proj": (1, 1),
    "txt_attn_proj": (1, 1),
    "img_mlp_0": (4, 1),
    "img_mlp_2": (1, 4),
    "txt_mlp_0": (4, 1),
    "txt_mlp_2": (1, 4),
    "img_mod_lin": (6, 1),
    "txt_mod_lin": (6, 1),
}
SINGLE = {"linear1": (7, 1), "linear2": (1, 5), "modulation_lin": (3, 1)}


def shapes(width: int = WIDTH, double: int = 19, single: int = 38) -> dict[str, tuple[int, int]]:
    """All 304 modules of kohya's Flux: 19 double blocks of 10, 38 single blocks of 3."""
    first = {
        f"lora_unet_double_blocks_{n}_{k}": v for n in range(double) for k, v in DOUBLE.items()
    }
    then = {f"lora_unet_single_blocks_{n}_{k}": v for n in range(single) for k, v in SINGLE.items()}
    return {name: (width * out, width * into) for name, (out, into) in {**first, **then}.items()}


def tensors(modules: dict[str, tuple[int, int]]) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(0)
    made: dict[str, Tensor] = {}
    for name, (out, into) in modules.items():
        made[f"{name}.lora_up.weight"] = torch.randn(out, RANK, generator=random)
        made[f"{name}.lora_down.weight"] = torch.randn(RANK, into, generator=random)
        made[f"{name}.alpha"] = torch.tensor(4.0)
    return made


@pytest.fixture
def kohya(tmp_path: Path) -> Adapter:
    write_tensors(tmp_path / "flux.safetensors", tensors(shapes()).items(), dict)
    return open_adapter(tmp_path / "flux.safetensors")


def test_it_is_what_diffusers_makes_of_it(tmp_path: Path) -> None:
    """One block of each sort, of Flux's own width: diffusers knows no other."""
    pytest.importorskip("diffusers", reason="diffusers is the reference")
    loaders = importlib.import_module("diffusers.loaders.lora_conversion_utils")
    made = tensors(shapes(FLUX, 1, 1))
    write_tensors(tmp_path / "kohya", made.items(), dict)
    theirs = loaders._convert_kohya_flux_lora_to_diffusers(dict(made))
    save_adapter(
        flux_to_diffusers(open_adapter(tmp_path / "kohya")), tmp_path / "ours", format="diffusers"
    )
    ours = open_adapter(tmp_path / "ours")
    assert {f"{name}.lora_{one}.weight" for name in ours.layers for one in "AB"} == {*theirs}
    for name, layer in ours.layers.items():
        up, down = theirs[f"{name}.lora_B.weight"], theirs[f"{name}.lora_A.weight"]
        x = torch.randn(down.shape[1], 3, generator=torch.Generator().manual_seed(1))
        found = layer.scale * layer.factors["up"] @ (layer.factors["down"] @ x)
        assert torch.allclose(found, up @ (down @ x), rtol=1e-4, atol=1e-4)


def test_all_of_flux_has_a_name(kohya: Adapter) -> None:
    assert len(kohya.layers) == 304
    assert len(flux_to_diffusers(kohya).layers) == 19 * 14 + 38 * 6


def test_there_and_back_is_the_same_file(kohya: Adapter, tmp_path: Path) -> None:
    save_adapter(flux_to_diffusers(kohya), tmp_path / "middle", format="diffusers")
    save_adapter(
        flux_to_kohya(open_adapter(tmp_path / "middle")), tmp_path / "back", format="kohya"
    )
    back = open_adapter(tmp_path / "back")
    assert {*back.layers} == {*kohya.layers}
    for name, layer in kohya.layers.items():
        assert back.layers[name].alpha == layer.alpha
        assert all(
            torch.equal(one, back.layers[name].tensors[k]) for k, one in layer.tensors.items()
        )


def part(seed: int, out: int, rank: int, alpha: float, decomposed: bool = False) -> Layer:
    random = torch.Generator().manual_seed(seed)
    up, down = (torch.randn(s, generator=random).double() for s in ((out, rank), (rank, WIDTH)))
    magnitude = torch.rand(out, 1, generator=random).double() if decomposed else None
    return Layer("lora", {"up": up, "down": down}, alpha, rank, magnitude=magnitude)


AT = "transformer.single_transformer_blocks.3"
PARTS = {"attn.to_q": WIDTH, "attn.to_k": WIDTH, "attn.to_v": WIDTH, "proj_mlp": 4 * WIDTH}


def test_parts_trained_apart_come_back_as_they_were() -> None:
    layers = {f"{AT}.{name}": part(n, out, 2, 3.0) for n, (name, out) in enumerate(PARTS.items())}
    fused = flux_to_kohya(Adapter(layers))
    (whole,) = fused.layers.values()
    assert whole.rank == 8
    back = flux_to_diffusers(fused)
    for name, layer in layers.items():
        found = back.layers[name]
        assert (found.alpha, found.rank) == (3.0, 2)
        assert all(torch.equal(one, found.tensors[key]) for key, one in layer.tensors.items())


@pytest.mark.parametrize("absent", [0, 1, 3])
def test_unequal_ranks_scales_and_absent_parts(absent: int) -> None:
    layers = {
        f"{AT}.{name}": part(n, out, n + 1, 1.0 + n)
        for n, (name, out) in enumerate(PARTS.items())
        if n != absent
    }
    (whole,) = flux_to_kohya(Adapter(layers)).layers.values()
    wanted = [
        effect(layers[f"{AT}.{name}"], torch.zeros(out, WIDTH).double())
        if f"{AT}.{name}" in layers
        else torch.zeros(out, WIDTH).double()
        for name, out in PARTS.items()
    ]
    found = effect(whole, torch.zeros(7 * WIDTH, WIDTH).double())
    assert torch.allclose(found, torch.cat(wanted), rtol=1e-12, atol=1e-12)


def test_a_dora_is_joined_and_split_by_rows() -> None:
    weight = torch.randn(7 * WIDTH, WIDTH, generator=torch.Generator().manual_seed(9)).double()
    layers = {
        f"{AT}.{name}": part(n, out, 2, 3.0, decomposed=True)
        for n, (name, out) in enumerate(PARTS.items())
    }
    fused = flux_to_kohya(Adapter(layers))
    (whole,) = fused.layers.values()
    pieces = torch.split(weight, list(PARTS.values()))
    wanted = torch.cat([effect(one, w) for one, w in zip(layers.values(), pieces, strict=True)])
    assert torch.allclose(effect(whole, weight), wanted, rtol=1e-12)
    back = flux_to_diffusers(fused).layers
    assert all(one.kind == "DoRA" for one in back.values())
    again = torch.cat([effect(back[name], w) for name, w in zip(layers, pieces, strict=True)])
    assert torch.allclose(again, wanted, rtol=1e-12)
    some = dict(list(layers.items())[:2])
    with pytest.raises(InputError, match="linear1 cannot be joined of DoRA, DoRA"):
        _ = next(iter(flux_to_kohya(Adapter(some)).layers.values()))


def test_other_names_are_refused() -> None:
    layer = part(0, 4, 2, 1.0)
    with pytest.raises(InputError, match="none of the blocks of Flux"):
        flux_to_diffusers(Adapter({"lora_unet_img_in": layer}))
    with pytest.raises(InputError, match="none of the blocks of Flux"):
        flux_to_kohya(Adapter({"transformer.x_embedder": layer}))
