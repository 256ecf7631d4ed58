"""SDXL's two ways of naming: diffusers' own conversion as the reference, all 986 modules."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch

from commonplace.adapters import Adapter, Layer, open_adapter, save_adapter, with_names
from commonplace.adapters.formats.tensor_file import open_tensors, write_tensors
from commonplace.adapters.names.sdxl import diffusers_name, original_name
from commonplace.foundation import InputError

_DEPTHS = {  # the transformers of diffusers' U-Net, and how many blocks each has
    **{f"down_blocks.1.attentions.{n}": 2 for n in range(2)},
    **{f"down_blocks.2.attentions.{n}": 10 for n in range(2)},
    "mid_block.attentions.0": 10,
    **{f"up_blocks.0.attentions.{n}": 10 for n in range(3)},
    **{f"up_blocks.1.attentions.{n}": 2 for n in range(3)},
}
_INSIDE = [
    *(f"attn{n}.to_{one}" for n in (1, 2) for one in ("q", "k", "v", "out.0")),
    "ff.net.0.proj",
    "ff.net.2",
]


def modules() -> Iterator[str]:
    """What kohya's trainer adapts, in diffusers' names."""
    for at, depth in _DEPTHS.items():
        yield f"unet.{at}.proj_in"
        yield f"unet.{at}.proj_out"
        for number in range(depth):
            yield from (f"unet.{at}.transformer_blocks.{number}.{one}" for one in _INSIDE)
    for encoder, layers in (("text_encoder", 12), ("text_encoder_2", 32)):
        for number in range(layers):
            at = f"{encoder}.text_model.encoder.layers.{number}"
            yield from (f"{at}.self_attn.{one}_proj" for one in ("q", "k", "v", "out"))
            yield from (f"{at}.mlp.{one}" for one in ("fc1", "fc2"))


def adapter() -> Adapter:
    """A layer for each module, each different."""
    layers = {}
    for number, name in enumerate(modules()):
        up, down = torch.full((3, 1), float(number)), torch.ones(1, 2)
        layers[name] = Layer("lora", {"up": up, "down": down}, 1.0, 1)
    return Adapter(layers)


def test_there_and_back(tmp_path: Path) -> None:
    before = adapter()
    assert len(before.layers) == 986
    save_adapter(before, tmp_path / "kohya", format="kohya-sdxl")
    found = open_adapter(tmp_path / "kohya")
    assert "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q" in found.layers
    assert "lora_te1_text_model_encoder_layers_0_mlp_fc1" in found.layers
    assert not any("down_blocks" in name for name in found.layers)
    back = with_names(found, list(modules()))
    assert {*back.layers} == {*before.layers}
    for name, layer in before.layers.items():
        assert torch.equal(back.layers[name].factors["up"], layer.factors["up"])
    save_adapter(back, tmp_path / "again", format="kohya-sdxl")
    first, second = open_tensors(tmp_path / "kohya"), open_tensors(tmp_path / "again")
    assert all(torch.equal(first.read(key), second.read(key)) for key in first.entries)
    assert {*first.entries} == {*second.entries}


@pytest.mark.filterwarnings("ignore")
def test_the_names_are_those_of_diffusers(tmp_path: Path) -> None:
    pytest.importorskip("diffusers", reason="diffusers is the reference")
    loaders = importlib.import_module("diffusers.loaders.lora_conversion_utils")
    save_adapter(adapter(), tmp_path / "kohya", format="kohya-sdxl")
    file = open_tensors(tmp_path / "kohya")
    state = {key: file.read(key) for key in file.entries}
    state = loaders._maybe_map_sgm_blocks_to_diffusers(state, SimpleNamespace(layers_per_block=2))
    theirs, _ = loaders._convert_non_diffusers_lora_to_diffusers(state)
    ups = {_plain(key): one for key, one in theirs.items() if key.endswith("up.weight")}
    ours = with_names(open_adapter(tmp_path / "kohya"), list(modules()))
    unet = {name: one for name, one in ups.items() if name.startswith("unet.")}
    wanted = {name for name in ours.layers if name.startswith("unet.")}
    assert len(wanted) == 722
    assert {*unet} == wanted
    for name, up in unet.items():
        assert torch.equal(ours.layers[name].factors["up"], up)


def _plain(key: str) -> str:
    """The module of a key: diffusers still writes attentions as its processors once were."""
    name = re.sub(r"(_lora|\.lora|\.lora_linear_layer)?\.up\.weight$", "", key)
    return re.sub(r"\.to_out$", ".to_out.0", name.replace(".processor", ""))


def test_residual_blocks_and_samplers() -> None:
    known = {
        "input_blocks_1_0_in_layers_2": "down_blocks_0_resnets_0_conv1",
        "input_blocks_5_0_skip_connection": "down_blocks_1_resnets_1_conv_shortcut",
        "input_blocks_3_0_op": "down_blocks_0_downsamplers_0_conv",
        "middle_block_2_out_layers_3": "mid_block_resnets_1_conv2",
        "output_blocks_8_0_emb_layers_1": "up_blocks_2_resnets_2_time_emb_proj",
        "output_blocks_5_2_conv": "up_blocks_1_upsamplers_0_conv",
    }
    for original, theirs in known.items():
        assert diffusers_name(original) == theirs
        assert original_name(theirs) == original
    for none in (
        "input_blocks_0_0_weight",
        "input_blocks_1_1_proj_in",
        "conv_in",
        "middle_block_0_x",
    ):
        assert diffusers_name(none) is None
    layer = Layer("lora", {"up": torch.ones(2, 1), "down": torch.ones(1, 2)}, 1.0, 1)
    other = Adapter({"unet.conv_in": layer})
    with pytest.raises(InputError, match="none of the blocks of SDXL"):
        save_adapter(other, "unused", format="kohya-sdxl")


def test_a_file_of_the_original_names(tmp_path: Path) -> None:
    tensors = {
        "lora_unet_middle_block_1_proj_in.lora_up.weight": torch.ones(3, 1),
        "lora_unet_middle_block_1_proj_in.lora_down.weight": torch.ones(1, 2),
    }
    write_tensors(tmp_path / "one", tensors.items(), dict)
    found = open_adapter(tmp_path / "one")
    for known in ("mid_block.attentions.0.proj_in", "middle_block.1.proj_in"):
        assert list(with_names(found, [known]).layers) == [known]
