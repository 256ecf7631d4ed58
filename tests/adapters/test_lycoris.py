"""LyCORIS as the reference: its own modules' weights and keys, and the spellings of others."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import Tensor, nn

from commonplace.adapters import attach, open_adapter, save_adapter
from commonplace.adapters.formats.tensor_file import write_tensors
from commonplace.foundation import InputError
from networks import DOUBLE, Everything, made, random_adapter, relative, tokens

pytestmark = pytest.mark.filterwarnings("ignore")

MODULES = {
    "linear": lambda: nn.Linear(12, 8),
    "conv1d": lambda: nn.Conv1d(12, 8, 3),
    "conv2d": lambda: nn.Conv2d(12, 8, (3, 2)),
    "point": lambda: nn.Conv2d(12, 8, 1),
}
KERNEL = {"linear": 0, "conv1d": 1, "conv2d": 2, "point": 2}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "tucker": {"use_tucker": True},
    "rsLoRA": {"rs_lora": True},
    "DoRA": {"weight_decompose": True},
    "DoRA by column": {"weight_decompose": True, "wd_on_out": False},
    "both blocks": {"decompose_both": True, "factor": 4},
    "full blocks": {"full_matrix": True},
}


def write(path: Path, tensors: dict[str, Tensor]) -> Path:
    write_tensors(path, tensors.items(), dict)
    return path


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("algorithm", ["locon", "loha", "lokr"])
def test_outputs_are_lycoris_own(algorithm: str, module: str, options: str, tmp_path: Path) -> None:
    """Against its forward: `get_merged_weight` of 4.1.3 takes LoHa's and LoKr's scale twice."""
    base, x = made(MODULES[module]), torch.randn(2, 12, *[4] * KERNEL[module]).double()
    theirs = _theirs(algorithm, base, OPTIONS[options])
    if algorithm == "lokr" and options == "rsLoRA" and theirs.use_w2:
        return  # its file says neither alpha nor rank then: LyCORIS too reads it as another scale
    tensors = {f"lora_unet_x.{k}": v.detach() for k, v in theirs.custom_state_dict().items()}
    before = base(x)
    theirs.double().apply_to()
    wanted = base(x).detach()
    model = nn.ModuleDict({"x": made(MODULES[module])})
    adapter = open_adapter(write(tmp_path / "theirs.safetensors", tensors))
    worn = attach(model, adapter)
    # Its file holds rsLoRA's alpha sqrt(r) in float32, and it adds an epsilon to DoRA's norm.
    limit = 1e-7 if options == "rsLoRA" else 1e-12
    assert relative(model["x"](x), wanted) < limit
    assert relative(wanted, before) > 0.01
    save_adapter(adapter, tmp_path / "ours.safetensors", format="kohya")
    worn.swap(open_adapter(tmp_path / "ours.safetensors"))
    assert relative(model["x"](x), wanted) < limit


def _theirs(algorithm: str, base: nn.Module, options: dict[str, Any]) -> Any:
    lycoris = pytest.importorskip(f"lycoris.modules.{algorithm}", reason="lycoris is the reference")
    name = {"locon": "LoConModule", "loha": "LohaModule", "lokr": "LokrModule"}[algorithm]
    theirs = getattr(lycoris, name)("x", base, lora_dim=2, alpha=3, **options).double()
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for key, one in theirs.named_parameters():
            if "org" not in key and "dora" not in key:
                one.copy_(torch.randn(one.shape, generator=random) * 0.5)
            elif "dora" in key:
                one.mul_(1 + 0.3 * torch.rand(one.shape, generator=random))
    return theirs


@pytest.mark.parametrize("format", ["commonplace", "kohya"])
@pytest.mark.parametrize("kind", ["lora", "rslora", "dora", "loha", "lokr"])
def test_every_kind_comes_back(kind: str, format: Any, tmp_path: Path) -> None:
    model, x = made(Everything), tokens()
    adapter = random_adapter(model, kind, tucker=True)
    worn = attach(model, adapter)
    wanted = model(x)
    save_adapter(adapter, tmp_path / "one.safetensors", format=format)
    back = open_adapter(tmp_path / "one.safetensors")
    worn.swap(back)
    assert relative(model(x), wanted) < 1e-15
    for one, other in zip(adapter.layers.values(), back.layers.values(), strict=True):
        assert one.kind == other.kind
        assert one.alpha == other.alpha
        assert all(torch.equal(t, other.tensors[n]) for n, t in one.tensors.items())


SPELLINGS = {
    "kohya": ("lora_unet_block_out.lora_up.weight", "lora_unet_block_out.lora_down.weight"),
    "dotted": ("block.out.lora_up.weight", "block.out.lora_down.weight"),
    "diffusers": ("block.out.lora.up.weight", "block.out.lora.down.weight"),
    "peft": ("block.out.lora_B.weight", "block.out.lora_A.weight"),
    "peft with a name": ("block.out.lora_B.default.weight", "block.out.lora_A.default.weight"),
    "mochi": ("block.out.lora_B", "block.out.lora_A"),
    "older diffusers": (
        "block.out.lora_linear_layer.up.weight",
        "block.out.lora_linear_layer.down.weight",
    ),
    "oldest diffusers": ("block.out_lora.up.weight", "block.out_lora.down.weight"),
    "comfyui": (
        "diffusion_model.block.out.lora_up.weight",
        "diffusion_model.block.out.lora_down.weight",
    ),
    "lycoris": ("lycoris_block_out.lora_up.weight", "lycoris_block_out.lora_down.weight"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_that_comfyui_takes(spelling: str, tmp_path: Path) -> None:
    up, down = SPELLINGS[spelling]
    tensors = {up: torch.ones(5, 2, dtype=DOUBLE), down: torch.ones(2, 96, dtype=DOUBLE)}
    model, x = made(Everything), tokens()
    before = model(x)
    worn = attach(model, open_adapter(write(tmp_path / "one.safetensors", tensors)))
    assert str(worn) == "applied 1 of 1"
    assert not torch.equal(model(x), before)


def test_diffusers_processors_are_their_attentions(tmp_path: Path) -> None:
    tensors = {
        f"unet.attn1.processor.to_{name}_lora.{half}.weight": torch.ones(size)
        for name in ("q", "out")
        for half, size in (("up", (5, 2)), ("down", (2, 3)))
    }
    adapter = open_adapter(write(tmp_path / "one.safetensors", tensors))
    assert list(adapter.layers) == ["unet.attn1.to_q", "unet.attn1.to_out.0"]
    assert all(layer.scale == 1 for layer in adapter.layers.values())


@pytest.mark.parametrize(("alpha", "scale"), [(None, 1.0), (0.0, 1.0), (1.0, 0.5), (4.0, 2.0)])
def test_alpha_missing_or_zero_is_a_scale_of_one(
    alpha: float | None, scale: float, tmp_path: Path
) -> None:
    tensors = {"a.lora_up.weight": torch.ones(5, 2), "a.lora_down.weight": torch.ones(2, 3)}
    if alpha is not None:
        tensors["a.alpha"] = torch.tensor(alpha)
    adapter = open_adapter(write(tmp_path / "one.safetensors", tensors))
    assert adapter.layers["a"].scale == scale


def test_a_name_that_could_mean_two_modules(tmp_path: Path) -> None:
    model = nn.ModuleDict({"a_b": nn.Linear(3, 5), "a": nn.ModuleDict({"b": nn.Linear(3, 5)})})
    tensors = {
        "lora_unet_a_b.lora_up.weight": torch.ones(5, 2),
        "lora_unet_a_b.lora_down.weight": torch.ones(2, 3),
    }
    adapter = open_adapter(write(tmp_path / "one.safetensors", tensors))
    with pytest.raises(InputError, match=r"could mean a.b or a_b"):
        attach(model, adapter)


def test_keys_that_belong_to_no_layer_are_named(tmp_path: Path) -> None:
    tensors = {
        "a.lora_up.weight": torch.ones(5, 2),
        "a.lora_down.weight": torch.ones(2, 3),
        "a.oft_diag": torch.ones(3),
        "emb_params": torch.ones(3),
    }
    path = write(tmp_path / "one.safetensors", tensors)
    with pytest.raises(
        InputError, match=r"holds 2 tensors that are no adapter's .*a.oft_diag, emb"
    ):
        open_adapter(path)
    assert list(open_adapter(path, allow_unmapped=True).layers) == ["a"]
    nothing = write(tmp_path / "two.safetensors", {"model.weight": torch.ones(3)})
    with pytest.raises(InputError, match="no adapter's"):
        open_adapter(nothing, allow_unmapped=True)
