"""diffusers as the reference, and SD 1.5's table of names: there and back with every alpha."""

import importlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor

import stable_diffusion
from commonplace.adapters import (
    Adapter,
    Layer,
    attach,
    open_adapter,
    open_weights,
    part_of,
    save_adapter,
    with_names,
)
from commonplace.adapters.formats.tensor_file import open_tensors, write_tensors
from commonplace.foundation import InputError
from networks import relative

NAMES = stable_diffusion.modules()


def kohya_file(path: Path, alpha: float | None) -> Path:
    """A kohya file of SD 1.5 with rank 1: 264 modules, some with an alpha of their own."""
    random = torch.Generator().manual_seed(0)
    tensors: dict[str, Tensor] = {}
    for number, (name, shape) in enumerate(NAMES.items()):
        key = stable_diffusion.kohya_name(name)
        ones = [1] * (len(shape) - 2)
        tensors[f"{key}.lora_up.weight"] = torch.randn(shape[0], 1, *ones, generator=random)
        tensors[f"{key}.lora_down.weight"] = torch.randn(1, shape[1], *ones, generator=random)
        if alpha is not None:
            tensors[f"{key}.alpha"] = torch.tensor(alpha if number % 7 else 2 * alpha)
    write_tensors(path, tensors.items(), lambda: {"ss_network_dim": "1"})
    return path


@pytest.mark.parametrize("alpha", [None, 0.25, 16.0])
def test_kohya_to_diffusers_and_back(alpha: float | None, tmp_path: Path) -> None:
    """Diffusers 0.42 writes the rank for every alpha on the way to kohya."""
    first = kohya_file(tmp_path / "first.safetensors", alpha)
    named = with_names(open_adapter(first), list(NAMES))
    assert len(named.layers) == 264
    save_adapter(named, tmp_path / "diffusers.safetensors", format="diffusers")
    middle = open_adapter(tmp_path / "diffusers.safetensors")
    save_adapter(middle, tmp_path / "back.safetensors", format="kohya")
    before, after = open_tensors(first), open_tensors(tmp_path / "back.safetensors")
    assert {*after.entries} == {*before.entries} | {
        f"{stable_diffusion.kohya_name(name)}.alpha" for name in NAMES
    }
    assert all(torch.equal(before.read(key), after.read(key).float()) for key in before.entries)
    for name, layer in middle.layers.items():
        assert layer.scale == named.layers[name].scale


def test_the_names_come_from_the_pipelines_folders(tmp_path: Path) -> None:
    for part in ("unet", "text_encoder"):
        (tmp_path / part).mkdir()
        tensors = {
            f"{name.removeprefix(f'{part}.')}.weight": torch.zeros(1, 1)
            for name in NAMES
            if name.startswith(f"{part}.")
        }
        write_tensors(tmp_path / part / "model.safetensors", tensors.items(), dict)
    weights = open_weights(tmp_path)
    assert {*weights.modules} == {*NAMES}
    assert weights["unet.mid_block.attentions.0.proj_in.weight"].shape == (1, 1)
    path = kohya_file(tmp_path / "first.safetensors", 1.0)
    assert {*with_names(open_adapter(path), weights.modules).layers} == {*NAMES}
    with pytest.raises(InputError, match="no module for 1 of 264 layers: lora_te_text_model"):
        with_names(open_adapter(path), [name for name in NAMES if "layers.3.mlp.fc1" not in name])


def tiny_unet() -> Any:
    diffusers = pytest.importorskip("diffusers", reason="diffusers is the reference")
    torch.manual_seed(0)
    return (
        diffusers.UNet2DConditionModel(
            sample_size=8,
            in_channels=2,
            out_channels=2,
            layers_per_block=1,
            block_out_channels=(8, 16),
            norm_num_groups=4,
            cross_attention_dim=8,
            attention_head_dim=4,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        )
        .eval()
        .double()
    )


def outputs(unet: Any) -> Tensor:
    random = torch.Generator().manual_seed(1)
    x, context = (
        torch.randn(shape, generator=random).double() for shape in ((1, 2, 8, 8), (1, 3, 8))
    )
    with torch.no_grad():
        out: Tensor = unet(x, 3, context).sample
    return out


@pytest.mark.parametrize("more", [{}, {"use_rslora": True}, {"use_dora": True}])
def test_its_own_files_both_ways(more: dict[str, Any], tmp_path: Path) -> None:
    warnings.simplefilter("ignore")
    unet = tiny_unet()
    peft = pytest.importorskip("peft")
    before = outputs(unet)
    config = peft.LoraConfig(r=2, lora_alpha=6, target_modules=["to_q", "to_v", "conv1"], **more)
    unet.add_adapter(config)
    with torch.no_grad():
        for name, one in unet.named_parameters():
            if "lora_A" in name or "lora_B" in name:
                one.copy_(torch.randn(one.shape, generator=torch.Generator().manual_seed(2)))
    wanted = outputs(unet.double())
    assert relative(wanted, before) > 0.01
    mixin = importlib.import_module("diffusers.loaders").StableDiffusionLoraLoaderMixin
    mixin.save_lora_weights(
        str(tmp_path),
        unet_lora_layers=peft.get_peft_model_state_dict(unet),
        unet_lora_adapter_metadata=unet.peft_config["default"].to_dict(),
    )
    found = open_adapter(tmp_path / "pytorch_lora_weights.safetensors")
    plain = tiny_unet()
    worn = attach(plain, part_of(found, "unet"))
    assert worn.applied == worn.total > 5
    assert relative(outputs(plain), wanted) < 1e-12
    save_adapter(found, tmp_path / "ours.safetensors", format="diffusers")
    again = tiny_unet()
    state, alphas, metadata = mixin.lora_state_dict(
        str(tmp_path), weight_name="ours.safetensors", return_lora_metadata=True
    )
    again.load_lora_adapter(state, network_alphas=alphas, metadata=metadata, prefix="unet")
    assert relative(outputs(again.double()), wanted) < 1e-6  # it loads in float32
    save_adapter(found, tmp_path / "kohya.safetensors", format="kohya")
    back = with_names(open_adapter(tmp_path / "kohya.safetensors"), list(found.layers))
    worn.swap(part_of(back, "unet"))
    assert relative(outputs(plain), wanted) < 1e-12


def test_what_it_cannot_say_is_refused(tmp_path: Path) -> None:
    lora = Layer("lora", {"up": torch.ones(3, 2), "down": torch.ones(2, 3)}, 2.0, 2)
    lokr = Layer("lokr", {"w1": torch.ones(3, 1), "w2": torch.ones(1, 3)}, 1.0, 1)
    out = tmp_path / "out.safetensors"
    with pytest.raises(InputError, match="begins with no part of a pipeline"):
        save_adapter(Adapter({"block.x": lora}), out, format="diffusers")
    with pytest.raises(InputError, match=r"unet.x is a LoKr, diffusers' files hold LoRA and DoRA"):
        save_adapter(Adapter({"unet.x": lokr}), out, format="diffusers")
    save_adapter(Adapter({"unet.x": lora}), out, format="diffusers")
    file = open_tensors(out)
    broken = {**file.metadata, "lora_adapter_metadata": json.dumps({"text_encoder.r": 4})}
    tensors = [(name, file.read(name)) for name in file.entries]
    write_tensors(out, tensors, lambda: broken)
    with pytest.raises(InputError, match="says nothing of unet"):
        _ = open_adapter(out).layers["unet.x"]
    with pytest.raises(InputError, match="changes nothing of text_encoder; it changes unet"):
        part_of(Adapter({"unet.x": lora}), "text_encoder")


def test_a_peft_file_alone_is_refused_for_its_alpha(tmp_path: Path) -> None:
    tensors = {
        "base_model.model.x.lora_A.weight": torch.ones(2, 3),
        "base_model.model.x.lora_B.weight": torch.ones(3, 2),
    }
    write_tensors(tmp_path / "renamed.safetensors", tensors.items(), dict)
    with pytest.raises(InputError, match="whose alpha stands in"):
        open_adapter(tmp_path / "renamed.safetensors")
