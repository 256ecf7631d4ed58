"""Provenance: in the file always, in the fields that galleries read, and foreign facts kept."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="adapters need torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.adapters import (
    Adapter,
    Provenance,
    TrainingItem,
    compose,
    create,
    fingerprint,
    open_adapter,
    resize,
    save_adapter,
)
from commonplace.adapters.formats.tensor_file import open_tensors, write_tensors
from commonplace.foundation import InputError
from networks import Perceptron, made, random_adapter

FULL = Provenance(
    base="tiny",
    fingerprint="ab" * 32,
    trained_on=(TrainingItem("one", "11" * 32), TrainingItem("two", "22" * 32)),
    recipe="adapt text --steps 10",
    seed=7,
    steps=10,
    licence="CC-BY-4.0",
    trigger_words=("sks", "värde"),
    title="notes",
)


@pytest.mark.parametrize("format", ["commonplace", "kohya", "peft", "diffusers"])
def test_it_comes_back_from_every_format(format: Any, tmp_path: Path) -> None:
    model = made(Perceptron)
    layers = {f"unet.{name}": one for name, one in random_adapter(model, "dora").layers.items()}
    save_adapter(Adapter(layers, FULL), tmp_path / "one", format=format)
    found = open_adapter(tmp_path / "one").provenance
    assert found.record() == FULL.record()


@settings(max_examples=30)
@given(
    words=st.lists(st.text(min_size=1), max_size=3),
    text=st.text(),
    number=st.none() | st.integers(-(2**63), 2**63),
)
def test_any_text_comes_back(
    words: list[str], text: str, number: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    known = Provenance(base=text, recipe=text, seed=number, trigger_words=tuple(words))
    path = tmp_path_factory.mktemp("one") / "one.safetensors"
    adapter = Adapter(dict(create(made(Perceptron), rank=1).layers), known)
    try:
        save_adapter(adapter, path)
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for one in (*words, text) for c in one)
        return
    assert open_adapter(path).provenance == known


def test_galleries_and_trainers_read_their_own_fields(tmp_path: Path) -> None:
    model = made(Perceptron)
    save_adapter(Adapter(random_adapter(model, "lora").layers, FULL), tmp_path / "one")
    metadata = open_tensors(tmp_path / "one").metadata
    wanted = {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": "tiny/lora",
        "modelspec.title": "notes",
        "modelspec.license": "CC-BY-4.0",
        "modelspec.trigger_phrase": "sks, värde",
        "ss_network_module": "networks.lora",
        "ss_network_dim": "2",
        "ss_network_alpha": "3.0",
        "ss_sd_model_name": "tiny",
        "ss_seed": "7",
        "ss_steps": "10",
    }
    assert {key: metadata.get(key) for key in wanted} == wanted
    record = json.loads(metadata["commonplace.adapter"])
    assert record["kinds"] == {"LoRA": 2}
    assert record["fingerprint"] == "ab" * 32


def test_what_another_program_wrote_is_read_and_kept(tmp_path: Path) -> None:
    foreign = {
        "ss_sd_model_name": "v1-5.safetensors",
        "ss_seed": "42",
        "ss_steps": "None",
        "ss_tag_frequency": '{"a": 1}',
        "modelspec.trigger_phrase": "sks dog, toy",
        "modelspec.architecture": "stable-diffusion-v1/lora",
    }
    tensors = {"a.lora_up.weight": torch.ones(3, 1), "a.lora_down.weight": torch.ones(1, 2)}
    write_tensors(tmp_path / "theirs", tensors.items(), lambda: foreign)
    found = open_adapter(tmp_path / "theirs")
    assert (found.provenance.base, found.provenance.seed) == ("v1-5.safetensors", 42)
    assert found.provenance.steps is None
    assert found.provenance.trigger_words == ("sks dog", "toy")
    save_adapter(found, tmp_path / "ours")
    save_adapter(open_adapter(tmp_path / "ours"), tmp_path / "again")
    metadata = open_tensors(tmp_path / "again").metadata
    for key in ("ss_tag_frequency", "ss_seed", "ss_sd_model_name", "modelspec.architecture"):
        assert metadata[key] == foreign[key]


def test_what_is_made_of_others_says_so() -> None:
    model = made(Perceptron)
    first, second = (
        random_adapter(model, "lora", seed).with_provenance(
            title=title, trained_on=(TrainingItem(title, "0"),), licence="MIT"
        )
        for seed, title in ((1, "a"), (2, "b"))
    )
    made_of = resize(compose([(first, 1.0), (second, 0.5)]), rank=1).provenance
    assert made_of.parents == ("a", "b")
    assert made_of.fingerprint == fingerprint(model)
    assert [one.id for one in made_of.trained_on] == ["a", "b"]
    assert made_of.licence == "MIT"
    assert made_of.recipe.startswith("resize rank=1; before: compose concatenation weights=1 0.5")


def test_stale_is_what_changed_or_went() -> None:
    now = {"one": "11" * 32, "two": "33" * 32}
    assert FULL.stale(now) == (FULL.trained_on[1],)
    assert FULL.stale({"two": "22" * 32}) == (FULL.trained_on[0],)
    assert FULL.stale({one.id: one.sha256 for one in FULL.trained_on}) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [({"version": 2}, "install a newer commonplace"), ({"trained_on": 3}, "cannot be read")],
)
def test_a_record_that_is_newer_or_broken(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    save_adapter(random_adapter(made(Perceptron), "lora"), tmp_path / "one")
    file = open_tensors(tmp_path / "one")
    record = {**json.loads(file.metadata["commonplace.adapter"]), **change}
    tensors = [(name, file.read(name)) for name in file.entries]
    write_tensors(tmp_path / "two", tensors, lambda: {"commonplace.adapter": json.dumps(record)})
    with pytest.raises(InputError, match=message):
        open_adapter(tmp_path / "two")
