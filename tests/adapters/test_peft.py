"""PEFT as the reference: what either saved acts the same in the other."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch

from commonplace.adapters import Adapter, attach, compose, merge, open_adapter, save_adapter
from commonplace.foundation import InputError
from networks import Usual, made, random_adapter, relative, tokens

peft = pytest.importorskip("peft", reason="peft is the reference of these tests")
pytestmark = pytest.mark.filterwarnings("ignore")
ALL = ["table", "line", "image", "block.out"]


def wrapped(config: Any) -> Any:
    """PEFT around a network, all its adapter's tensors random."""
    model = peft.get_peft_model(made(Usual), config)
    random = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, one in model.named_parameters():
            if "magnitude" in name:
                one.mul_(1 + 0.3 * torch.rand(one.shape, generator=random, dtype=one.dtype))
            elif "lora_" in name or "hada_" in name or "lokr_" in name:
                one.copy_(torch.randn(one.shape, generator=random, dtype=one.dtype) * 0.5)
    return model.double().eval()


CONFIGS: dict[str, dict[str, Any]] = {
    "lora": {"lora_alpha": 3},
    "rslora": {"lora_alpha": 3, "use_rslora": True},
    "dora": {"lora_alpha": 3, "use_dora": True, "target_modules": ["line", "image", "block.out"]},
    "dora of an embedding": {"lora_alpha": 3, "use_dora": True, "target_modules": ["table"]},
    "bias": {"lora_alpha": 3, "lora_bias": True, "target_modules": ["line", "image", "block.out"]},
    "patterns": {
        "lora_alpha": 3,
        "rank_pattern": {"image": 3, "out": 1},
        "alpha_pattern": {"^line": 5},
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_lora_both_ways(name: str, tmp_path: Path) -> None:
    config = peft.LoraConfig(**{"r": 2, "target_modules": ALL, **CONFIGS[name]})
    _both_ways(wrapped(config), tmp_path)


@pytest.mark.parametrize("tucker", [False, True])
@pytest.mark.parametrize("kind", ["LoHa", "LoKr"])
def test_lycoris_kinds_both_ways(kind: str, tucker: bool, tmp_path: Path) -> None:
    config = getattr(peft, f"{kind}Config")
    more = {"decompose_factor": 4} if kind == "LoKr" else {}
    modules = ["line", "image", "block.out"] if not tucker else ["image"]
    _both_ways(
        wrapped(config(r=1, alpha=3, target_modules=modules, use_effective_conv2d=tucker, **more)),
        tmp_path,
    )


def _both_ways(theirs: Any, folder: Path) -> None:
    x = tokens()
    wanted = theirs(x).detach()
    theirs.save_pretrained(folder / "theirs")
    adapter = open_adapter(folder / "theirs")
    model = made(Usual)
    worn = attach(model, adapter)
    assert worn.applied == worn.total == len(theirs.peft_config["default"].target_modules)
    assert relative(model(x), wanted) < 1e-13
    save_adapter(adapter, folder / "ours", format="peft")
    again = peft.PeftModel.from_pretrained(made(Usual), folder / "ours").double()
    assert relative(again(x).detach(), wanted) < 1e-13
    save_adapter(adapter, folder / "ours.safetensors")
    model = made(Usual)
    attach(model, open_adapter(folder / "ours.safetensors"))
    assert relative(model(x), wanted) < 1e-13


def test_every_tensor_and_number_comes_back(tmp_path: Path) -> None:
    theirs = wrapped(peft.LoraConfig(r=2, target_modules=ALL, **CONFIGS["patterns"]))
    theirs.save_pretrained(tmp_path / "theirs")
    save_adapter(open_adapter(tmp_path / "theirs"), tmp_path / "own.safetensors")
    save_adapter(open_adapter(tmp_path / "own.safetensors"), tmp_path / "ours", format="peft")
    from safetensors.torch import load_file

    first, second = (
        load_file(tmp_path / one / "adapter_model.safetensors") for one in ("theirs", "ours")
    )
    assert first.keys() == second.keys()
    assert all(torch.equal(one, second[name]) for name, one in first.items())


def test_one_adapter_at_weight_one_stays_itself(tmp_path: Path) -> None:
    """PEFT 0.21's `add_weighted_adapter` of one adapter at weight 1 changes the outputs."""
    for name in ("rslora", "bias", "dora"):
        options = {"r": 2, **CONFIGS[name], "target_modules": ["line", "block.out"]}
        theirs = wrapped(peft.LoraConfig(**options))
        theirs.save_pretrained(tmp_path / name)
        wanted = theirs(tokens()).detach()
        theirs.add_weighted_adapter(["default"], [1.0], "sum", combination_type="svd")
        theirs.set_adapter("sum")
        assert relative(theirs(tokens()).detach(), wanted) > 0.01, "PEFT has mended this"
        model = made(Usual)
        attach(model, compose([(open_adapter(tmp_path / name), 1.0)], "svd", rank=2))
        assert relative(model(tokens()), wanted) < 1e-13


def test_two_doras_in_either_order_merged_or_worn(tmp_path: Path) -> None:
    """PEFT starts the second DoRA from what the first one left, so their order matters there."""
    config = peft.LoraConfig(r=2, lora_alpha=3, use_dora=True, target_modules=["block.out", "line"])
    theirs = wrapped(config)
    theirs.add_adapter("second", config)
    random = torch.Generator().manual_seed(9)
    for name, one in theirs.named_parameters():
        if "second" in name and "magnitude" not in name:
            one.data = torch.randn(one.shape, generator=random, dtype=torch.float64) * 0.5
    theirs.double().save_pretrained(tmp_path)
    outputs = []
    for order in (["default", "second"], ["second", "default"]):
        theirs.base_model.set_adapter(order)
        outputs.append(theirs(tokens()).detach())
    assert relative(*outputs) > 0.01, "PEFT has mended this"
    first, second = open_adapter(tmp_path), open_adapter(tmp_path / "second")
    model = made(Usual)
    worn = [attach(model, first), attach(model, second)]
    wanted = model(tokens())
    for one in worn:
        one.detach()
    for pair in ([first, second], [second, first]):
        merged = merge(model, [(one, 1.0) for one in pair])
        assert relative(model(tokens()), wanted) < 1e-13
        merged.unmerge()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": "all"}, "trains the base's biases"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"peft_type": "VERA"}, "type VERA"),
        ({"r": 5}, "its config says 5"),
    ],
)
def test_a_config_that_says_more_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    model = made(Usual)
    save_adapter(random_adapter(model, "lora"), tmp_path / "one", format="peft")
    config = tmp_path / "one" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **change}))
    with pytest.raises(InputError, match=message):
        attach(model, open_adapter(tmp_path / "one"))


def test_what_peft_cannot_say_is_refused(tmp_path: Path) -> None:
    model = made(Usual)
    mixed = Adapter(
        {
            "block.out": random_adapter(model, "lora").layers["block.out"],
            "line": random_adapter(model, "loha").layers["line"],
        }
    )
    tucker = random_adapter(model, "lora", tucker=True)
    for adapter, message in ((mixed, "one kind for a whole adapter"), (tucker, "Tucker")):
        with pytest.raises(InputError, match=message):
            save_adapter(adapter, tmp_path / "refused", format="peft")
    assert list(tmp_path.iterdir()) == []
