"""Worn adapters: several, by sample, swapped, compiled, taken off; and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from torch import nn

from commonplace.adapters import (
    Adapter,
    Format,
    Layer,
    attach,
    effect,
    fingerprint,
    for_samples,
    open_adapter,
    save_adapter,
)
from commonplace.foundation import InputError
from networks import Everything, Perceptron, inputs, made, random_adapter, relative, tokens, weights


def test_several_add_up_in_any_order() -> None:
    model, x = made(Everything), tokens()
    before = model(x)
    adapters = [
        random_adapter(model, kind, seed) for seed, kind in enumerate(("dora", "dora", "loha"))
    ]
    changed = made(Everything)
    for name, _ in changed.named_modules():
        if name in adapters[0].layers:
            weight = changed.get_parameter(f"{name}.weight")
            base = weight.clone()
            for one in adapters:
                weight.add_(effect(one.layers[name], base, 0.5) - base)
    for order in (adapters, adapters[::-1]):
        worn = [attach(model, one, 0.5) for one in order]
        assert relative(model(x), changed(x)) < 1e-13
        for hung in worn:
            hung.detach()
        assert torch.equal(model(x), before)


def test_the_base_is_never_touched() -> None:
    model = made(Everything)
    before, names = dict(weights(model)), list(model.state_dict())
    hooks = [len(one._forward_hooks) for one in model.modules()]
    worn = attach(model, random_adapter(model, "dora"))
    model(tokens())
    worn.swap(random_adapter(model, "lora", 2))
    model(tokens())
    assert list(model.state_dict()) == names
    assert all(torch.equal(one, before[name]) for name, one in model.named_parameters())
    worn.detach()
    assert [len(one._forward_hooks) for one in model.modules()] == hooks


def test_the_strength_can_be_changed() -> None:
    model, x = made(Perceptron), inputs()
    adapter = random_adapter(model, "dora")
    worn, other = attach(model, adapter, 0.2), made(Perceptron)
    worn.strength = 0.7
    attach(other, adapter, 0.7)
    assert torch.equal(model(x), other(x))
    assert worn.strength == 0.7


@pytest.mark.parametrize("kind", ["lora", "dora", "loha", "lokr"])
def test_each_sample_its_own(kind: str) -> None:
    model, x = made(Everything), tokens()
    first, second = (attach(model, random_adapter(model, kind, seed)) for seed in (1, 2))
    both = model(x)
    rows = {"none": 0, "first": 1, "second": 2, "both": 3}
    with for_samples([None, first, second, [first, second]]):
        mixed = model(x)
    assert relative(mixed[rows["both"]], both[rows["both"]]) < 1e-12
    assert torch.equal(model(x), both)
    first.detach()
    assert relative(mixed[rows["second"]], model(x)[rows["second"]]) < 1e-12
    second.detach()
    assert relative(mixed[rows["none"]], model(x)[rows["none"]]) < 1e-12


def test_another_batch_than_was_chosen_for() -> None:
    model = made(Perceptron)
    worn = attach(model, random_adapter(model, "lora"))
    with for_samples([worn, None]), pytest.raises(InputError, match=r"batch of 5, .* chosen for 2"):
        model(inputs())


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_a_compiled_model_swaps_without_compiling_again(kind: str) -> None:
    model, x = made(Perceptron), inputs()
    graphs: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, _: list[torch.Tensor]) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    worn = attach(model, random_adapter(model, kind, 1))
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    for seed, strength in ((1, 1.0), (2, 0.5), (3, -1.0)):
        adapter = random_adapter(model, kind, seed)
        worn.swap(adapter, strength)
        plain = made(Perceptron)
        attach(plain, adapter, strength)
        assert relative(compiled(x), plain(x)) < 1e-13
    assert len(graphs) == 1


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_another_alpha_needs_no_compiling(kind: str) -> None:
    model, x = made(Perceptron), inputs()
    worn = attach(model, random_adapter(model, kind, 1))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    compiled(x)
    with torch.compiler.set_stance("fail_on_recompile"):
        for alpha, stabilised in ((7.0, False), (0.5, False), (4.0, True)):
            other = random_adapter(model, kind, 2, alpha=alpha)
            layers = {n: replace(one, stabilised=stabilised) for n, one in other.layers.items()}
            other = replace(other, layers=layers)
            worn.swap(other, 0.6)
            plain = made(Perceptron)
            attach(plain, other, 0.6)
            assert relative(compiled(x), plain(x)) < 1e-13


def of_precision(adapter: Adapter, precision: torch.dtype) -> Adapter:
    return adapter.map(lambda _, one: one.map(lambda tensor: tensor.to(precision)))


def tamed(adapter: Adapter) -> Adapter:
    """With smaller factors; a DoRA's magnitudes stay near the norms."""

    def smaller(_: str, layer: Layer) -> Layer:
        factors = {key: 0.3 * one for key, one in layer.factors.items()}
        return layer.with_tensors({**layer.tensors, **factors})

    return adapter.map(smaller)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_lower_precisions_are_near_the_exact_outputs(kind: str, precision: torch.dtype) -> None:
    """One precision throughout, and a lower one under factors of float32; one and two adapters."""
    exact, x = made(Perceptron), inputs()
    adapters = [tamed(random_adapter(exact, kind, seed)) for seed in (1, 2)]
    near = 4 * torch.finfo(precision).eps
    for factors in (precision, torch.float32):
        for count in (1, 2):
            model, same = made(Perceptron).to(precision), made(Perceptron)
            same.load_state_dict({k: v.double() for k, v in model.state_dict().items()})
            for one in adapters[:count]:
                rounded = of_precision(one, factors)
                attach(model, rounded, 0.7, force=True)
                attach(same, of_precision(rounded, torch.float64), 0.7, force=True)
            rounded_x = x.to(precision)
            found = model(rounded_x)
            assert found.dtype == precision
            assert relative(found.double(), same(rounded_x.double())) < near


def test_a_strength_of_nothing_is_the_base_to_the_bit() -> None:
    for precision in (torch.float32, torch.bfloat16):
        model, x = made(Perceptron).to(precision), inputs().to(precision)
        before = model(x)
        attach(model, of_precision(random_adapter(model, "dora"), precision), 0.0)
        assert torch.equal(model(x), before)


def test_a_weight_that_is_changed_beneath_a_worn_dora() -> None:
    model, x = made(Perceptron), inputs()
    adapter = random_adapter(model, "dora")
    worn = attach(model, adapter)
    before = model(x)
    with torch.no_grad():
        model.get_parameter("first.weight").mul_(1.5)
    other = made(Perceptron)
    with torch.no_grad():
        other.get_parameter("first.weight").mul_(1.5)
    attach(other, adapter, force=True)
    assert torch.equal(model(x), other(x))
    assert relative(model(x), before) > 0.01
    with torch.no_grad():
        for one in worn.parameters():
            one.mul_(0.5)
    trained = made(Perceptron)
    with torch.no_grad():
        trained.get_parameter("first.weight").mul_(1.5)
    attach(trained, worn.adapter, force=True)
    assert torch.equal(model(x), trained(x))


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora", "loha", "lokr"])
def test_read_at_once_is_read_one_by_one(kind: str, tmp_path: Path) -> None:
    model, x = made(Everything), tokens()
    adapter = random_adapter(model, kind)
    save_adapter(adapter, tmp_path / "one.safetensors")
    worn = attach(model, open_adapter(tmp_path / "one.safetensors"))
    found = model(x)
    worn.swap(open_adapter(tmp_path / "one.safetensors").map(lambda _, one: one))
    assert torch.equal(model(x), found)
    other = made(Everything)
    attach(other, adapter)
    assert torch.equal(other(x), found)


@pytest.mark.parametrize("format", ["commonplace", "peft"])
@pytest.mark.parametrize("kind", ["lora", "dora", "lokr"])
def test_swaps_of_files_of_one_layout(kind: str, format: Format, tmp_path: Path) -> None:
    """Values, then another alpha (a tensor in our own format), then from memory, and back."""
    model, x = made(Everything), tokens()
    if format == "peft":
        model = made(Perceptron)
        x = inputs()
    steps = [(1, 3.0), (2, 3.0), (3, 5.0), (4, 5.0), (1, 3.0)]
    adapters = [random_adapter(model, kind, seed, alpha=alpha) for seed, alpha in steps]
    for number, one in enumerate(adapters):
        save_adapter(one, tmp_path / str(number), format=format)
    worn = attach(model, open_adapter(tmp_path / "0"))
    for number, one in enumerate(adapters):
        strength = 0.5 + number
        worn.swap(open_adapter(tmp_path / str(number)), strength)
        if number == 3:
            worn.swap(one, strength)
        other = made(Everything) if format == "commonplace" else made(Perceptron)
        attach(other, one, strength)
        assert torch.equal(model(x), other(x))
        again = {name: layer.tensors for name, layer in worn.adapter.layers.items()}
        assert all(
            torch.equal(tensor, again[name][key])
            for name, layer in one.layers.items()
            for key, tensor in layer.tensors.items()
        )


def test_a_swap_by_one_copy_after_the_parameters_have_moved(tmp_path: Path) -> None:
    model, x = made(Perceptron), inputs()
    for number in (1, 2):
        save_adapter(random_adapter(model, "lora", number), tmp_path / str(number))
    worn = attach(model, open_adapter(tmp_path / "1")).to(torch.float32)
    worn.swap(open_adapter(tmp_path / "2"))
    other = made(Perceptron)
    attach(other, open_adapter(tmp_path / "2"))
    assert relative(model(x), other(x)) < 1e-6


def test_values_that_are_not_finite_leave_the_present_one_on(tmp_path: Path) -> None:
    model, x = made(Perceptron), inputs()
    save_adapter(random_adapter(model, "lora"), tmp_path / "good.safetensors")
    worn = attach(model, open_adapter(tmp_path / "good.safetensors"))
    before, bad = model(x), random_adapter(model, "lora", 2)
    bad.layers["second"].factors["up"][1, 1] = float("nan")
    save_adapter(bad, tmp_path / "bad.safetensors")
    with pytest.raises(InputError, match=r"second.lora_up.weight in .* holds NaN or infinity"):
        worn.swap(open_adapter(tmp_path / "bad.safetensors"), 0.2)
    assert torch.equal(model(x), before)
    assert worn.strength == 1.0


def test_gradients_of_a_dora_hold_the_norm_constant() -> None:
    """2402.09353, section 4.3; the thin way against autograd through the plain formula."""
    model, x = made(Perceptron), inputs()
    adapter = random_adapter(model, "dora")
    worn = attach(model, adapter, 0.3, trainable=True)
    model(x).square().sum().backward()
    found = {name: one.grad for name, one in worn.named_parameters()}
    plain, leaves, changed = made(Perceptron), {}, {}
    for number, (name, layer) in enumerate(adapter.layers.items()):
        weight = plain.get_parameter(f"{name}.weight")
        own = {key: one.clone().requires_grad_() for key, one in layer.tensors.items()}
        leaves.update({f"pieces.{number}.{key}": one for key, one in own.items()})
        moved = weight + layer.scale * own["up"] @ own["down"]
        trained = own["magnitude"] * moved / moved.detach().norm(dim=1, keepdim=True)
        changed[f"{name}.weight"] = weight + 0.3 * (trained - weight)
    torch.func.functional_call(plain, changed, (x,)).square().sum().backward()
    for name, leaf in leaves.items():
        gradient = found[name]
        assert gradient is not None
        assert leaf.grad is not None
        assert torch.allclose(gradient, leaf.grad, rtol=1e-10)


def test_a_swap_to_another_kind_and_rank() -> None:
    model, x = made(Perceptron), inputs()
    worn = attach(model, random_adapter(model, "lora"))
    other = random_adapter(model, "lokr", 4, rank=1)
    worn.swap(other)
    plain = made(Perceptron)
    attach(plain, other)
    assert torch.equal(model(x), plain(x))


def test_all_within_inference_mode() -> None:
    with torch.inference_mode():
        model, x = made(Perceptron), inputs()
        worn = attach(model, random_adapter(model, "dora", 1))
        model(x)
        other = random_adapter(model, "dora", 2)
        worn.swap(other)
        swapped = model(x)
        worn.detach()
        attach(model, other)
        assert torch.equal(model(x), swapped)


@pytest.mark.parametrize("kind", ["lora", "rslora", "dora", "loha", "lokr"])
def test_only_the_adapter_trains(kind: str) -> None:
    model, x = made(Perceptron), inputs()
    model.requires_grad_(True)
    before = dict(weights(model))
    worn = attach(model, random_adapter(model, kind), trainable=True)
    first = {name: one.detach().clone() for name, one in worn.named_parameters()}
    optimiser = torch.optim.SGD(worn.parameters(), 0.1)
    model(x).square().sum().backward()
    optimiser.step()
    assert all(torch.equal(one, before[name]) for name, one in model.named_parameters())
    assert all(not torch.equal(one, first[name]) for name, one in worn.named_parameters())
    again = made(Perceptron)
    attach(again, worn.adapter)
    assert relative(again(x), model(x).detach()) < 1e-13


def test_gradients_are_those_of_the_effective_weight() -> None:
    model, x = made(Perceptron), inputs()
    adapter = random_adapter(model, "lora")
    worn = attach(model, adapter, 0.3, trainable=True)
    model(x).square().sum().backward()
    found = [one.grad for name, one in worn.named_parameters() if name.endswith("up")]
    layers = {
        name: one.map(lambda tensor: tensor.clone().requires_grad_())
        for name, one in adapter.layers.items()
    }
    changed = {
        f"{name}.weight": effect(one, model.get_parameter(f"{name}.weight"), 0.3)
        for name, one in layers.items()
    }
    plain = made(Perceptron)
    torch.func.functional_call(plain, changed, (x,)).square().sum().backward()
    for layer, gradient in zip(layers.values(), found, strict=True):
        wanted = layer.factors["up"].grad
        assert wanted is not None
        assert gradient is not None
        assert torch.allclose(gradient, wanted, rtol=1e-10)


# ------------------------------------------------------------------- refusals


def test_another_base_is_refused_unless_forced() -> None:
    model, other = made(Perceptron), made(Perceptron, seed=1)
    adapter = random_adapter(model, "lora")
    with pytest.raises(
        InputError, match=r"the adapter was made for .* load that model, or force it"
    ):
        attach(other, adapter)
    assert str(attach(other, adapter, force=True)) == "applied 2 of 2"


def test_a_layer_without_a_module_is_named() -> None:
    model = made(Perceptron)
    adapter = random_adapter(model, "lora")
    layers = {**adapter.layers, "third": adapter.layers["first"]}
    more = Adapter(layers, replace(adapter.provenance, fingerprint=""))
    with pytest.raises(InputError, match=r"applied 2 of 3: .* third; is the adapter for another"):
        attach(model, more)
    assert str(attach(model, more, allow_missing=True)) == "applied 2 of 3"
    nothing = Adapter({"third": adapter.layers["first"]})
    with pytest.raises(InputError, match="applied 0 of 1"):
        attach(model, nothing, allow_missing=True)


def test_another_shape_is_refused_and_nothing_is_worn() -> None:
    model, wide = made(Perceptron), made(lambda: Perceptron(9))
    adapter = random_adapter(wide, "lora").with_provenance(fingerprint="")
    with pytest.raises(
        InputError, match=r"first is for a weight \[9, 6\], the model's is \[8, 6\]"
    ):
        attach(model, adapter)
    assert not any(one._forward_hooks for one in model.modules())


def test_modules_that_are_never_called_are_refused() -> None:
    model = made(lambda: nn.MultiheadAttention(4, 1))
    adapter = random_adapter(model, "lora")
    with pytest.raises(InputError, match="merge the adapter instead"):
        attach(model, adapter)


def test_the_fast_path_of_a_transformer_layer_sees_the_adapter() -> None:
    network = made(lambda: nn.TransformerEncoderLayer(4, 1, 8, batch_first=True)).eval()
    x = inputs()[:, :4][None]
    before = network(x)
    adapter = random_adapter(network, "lora")
    some = {name: one for name, one in adapter.layers.items() if name.startswith("linear")}
    attach(network, replace(adapter, layers=some))
    with torch.inference_mode():
        assert relative(network(x), before) > 0.01


def test_the_fingerprint() -> None:
    model = made(Everything).float()
    plain = fingerprint(model)
    assert plain == fingerprint(made(Everything).float())
    assert plain == fingerprint(model.bfloat16())
    changed = made(Everything).float()
    with torch.no_grad():
        changed.get_parameter("table.weight")[3, 2] += 0.1
    assert fingerprint(changed) != plain


def test_a_remembered_fingerprint_sees_every_edit() -> None:
    model = made(Everything)
    plain, weight = fingerprint(model), model.get_parameter("image.weight")
    assert fingerprint(model) == plain
    with torch.no_grad():
        weight[0, 0, 0, 0] += 0.1
    once = fingerprint(model)
    assert once != plain
    weight.data += 0.1  # counts no version
    assert fingerprint(model) not in {plain, once}
    with torch.no_grad():
        weight.copy_(made(Everything).get_parameter("image.weight"))
    assert fingerprint(model) == plain
    model.get_parameter("table.weight").data = torch.zeros(11, 8, dtype=torch.float64)
    assert fingerprint(model) != plain
