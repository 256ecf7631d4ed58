"""`ask --wear`: a language model in this process wears adapters, and torch is not needed for it."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from commonplace import Library
from commonplace.adapters import (
    Adapter,
    Provenance,
    TrainingItem,
    create,
    open_adapter,
    save_adapter,
)
from commonplace.cli import program
from commonplace.foundation import InputError
from commonplace.models import locate, parse_wear, worn_adapters
from commonplace.models.worn.llama_names import open_base
from commonplace.models.worn.lora_gguf import LowRank, write_lora
from commonplace.recipes.text import open_language
from llama_scores import NEAR, distance, filled, llama_scores, worn_scores
from patience import PATIENCE
from tiny_llama import tiny_llama, write_model

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_llama()


@pytest.fixture(scope="module")
def base(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "tiny-llama.gguf"
    write_model(model, path)
    return path


@pytest.fixture
def make(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Write an adapter; the cache is the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def make(
        name: str = "notes.safetensors", kind: str = "lora", size: float = 0.3, **facts: Any
    ) -> Path:
        adapter = filled(create(model, "*proj", rank=4, kind=kind, alpha=6), size)  # type: ignore[arg-type]
        about = Provenance(base="tiny-llama", title="notes")
        save_adapter(Adapter(adapter.layers, replace(about, **facts)), tmp_path / name)
        return tmp_path / name

    return make


@pytest.mark.parametrize("kind", ["lora", "rslora"])
def test_our_own_file_is_worn_as_torch_wears_it(
    model: Any, base: Path, make: Make, kind: str
) -> None:
    path = make(kind=kind)
    (worn,) = worn_adapters([f"{path}:0.7"], base, "tiny-llama")
    assert worn.strength == 0.7
    expected = worn_scores(model, (open_adapter(path), 0.7))
    assert distance(llama_scores(base, (worn.gguf, worn.strength)), expected) < NEAR
    back = open_adapter(worn.gguf)
    assert back.provenance == open_adapter(path).provenance
    for name, layer in open_adapter(path).layers.items():
        assert torch.equal(back.layers[name].factors["up"], layer.factors["up"])
        assert back.layers[name].scale == pytest.approx(layer.scale, rel=1e-7)


def test_it_is_converted_once(base: Path, make: Make) -> None:
    path = make()
    (first,) = worn_adapters([path], base, "tiny-llama")
    before = first.gguf.stat().st_mtime_ns
    (again,) = worn_adapters([path], base, "tiny-llama")
    assert again.gguf == first.gguf
    assert again.gguf.stat().st_mtime_ns == before
    first.gguf.write_bytes(first.gguf.read_bytes()[:1000])  # damaged: written anew
    worn_adapters([path], base, "tiny-llama")
    assert first.gguf.stat().st_size > 1000
    path.unlink()
    make(size=0.2)
    (other,) = worn_adapters([path], base, "tiny-llama")
    assert other.gguf != first.gguf


def test_another_base_is_refused_unless_forced(base: Path, make: Make) -> None:
    make("by-name.safetensors", base="another/model")
    make("by-hash.safetensors", base_sha256="f" * 64)
    make("unknown.safetensors", base="")
    make("right.safetensors", base="someone/Tiny-LLaMA")
    for name in ("by-name", "by-hash"):
        path = Path(os.environ["XDG_CACHE_HOME"]).parent / f"{name}.safetensors"
        with pytest.raises(InputError, match="--force-wear"):
            worn_adapters([path], base, "tiny-llama")
        (worn,) = worn_adapters([path], base, "tiny-llama", force=True)
        assert "trained on" in worn.unchecked
    here = Path(os.environ["XDG_CACHE_HOME"]).parent
    (worn,) = worn_adapters([here / "unknown.safetensors"], base, "tiny-llama")
    assert "does not say" in worn.unchecked
    (worn,) = worn_adapters([here / "right.safetensors"], base, "tiny-llama")
    assert "by name" in worn.unchecked


def test_the_very_file_of_the_base_is_known(base: Path, make: Make) -> None:
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    path = make(base="whatever it was called", base_sha256=digest)
    (worn,) = worn_adapters([path], base, "tiny-llama")
    assert worn.unchecked == ""


def test_torch_reads_the_same_model_from_that_file(model: Any, base: Path) -> None:
    """What is trained on is what llama.cpp runs, and its file is known by its hash."""
    found = open_language(str(base))
    tokens = torch.tensor([[5, 17, 201, 44, 9]])
    assert torch.allclose(found.model(input_ids=tokens).logits, model(tokens).logits, atol=1e-5)
    assert found.sha256 == hashlib.sha256(base.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("kind", "reason"), [("dora", "is a DoRA"), ("loha", "not one of"), ("lokr", "not one of")]
)
def test_what_llama_cannot_wear_is_refused_with_a_way_on(
    base: Path, make: Make, kind: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        worn_adapters([make(kind=kind)], base, "tiny-llama")
    assert "commonplace adapter" in str(refused.value)


def test_files_that_are_none_are_one_sentence(base: Path, make: Make, tmp_path: Path) -> None:
    path = make()
    (tmp_path / "cut.safetensors").write_bytes(path.read_bytes()[:-10])
    (tmp_path / "peft").mkdir()
    (tmp_path / "a.bin").write_bytes(b"")
    for name, reason in {
        "cut.safetensors": "cut off",
        "peft": "is a folder",
        "a.bin": "is a pickle",
        "none.safetensors": "no adapter at",
        f"{path.name}:much": "no strength",
    }.items():
        with pytest.raises(InputError, match=reason):
            worn_adapters([tmp_path / name], base, "tiny-llama")
    with pytest.raises(InputError, match="no adapter; --model"):
        worn_adapters([base], base, "tiny-llama")


def test_an_adapter_of_other_sizes_is_refused_also_when_forced(
    base: Path, make: Make, tmp_path: Path
) -> None:
    save_adapter(open_adapter(make()), tmp_path / "a.gguf", format="gguf", base=base)
    (worn,) = worn_adapters([tmp_path / "a.gguf"], base, "tiny-llama")
    assert worn.gguf == tmp_path / "a.gguf"
    wide = replace_up(open_adapter(tmp_path / "a.gguf"))
    save_adapter(wide, tmp_path / "wide.safetensors")
    with pytest.raises(InputError, match="is for a weight"):
        worn_adapters([tmp_path / "wide.safetensors"], base, "tiny-llama", force=True)
    write_lora(
        tmp_path / "wide.gguf",
        {"model.layers.0.self_attn.v_proj": LowRank(zeros(33, 4), zeros(4, 64))},
        {"model.layers.0.self_attn.v_proj": (1.0, 4)},
        replace(open_base(base), sizes=None),
        {},
    )
    with pytest.raises(InputError, match="does not fit"):
        worn_adapters([tmp_path / "wide.gguf"], base, "tiny-llama", force=True)


def zeros(*shape: int) -> Any:
    return torch.zeros(shape).numpy()


def replace_up(adapter: Adapter) -> Adapter:
    """With one output too many."""
    return adapter.map(
        lambda _, layer: layer.with_tensors(
            {**layer.tensors, "up": torch.nn.functional.pad(layer.factors["up"], (0, 0, 0, 1))}
        )
    )


def test_a_strength_stands_behind_the_last_colon(tmp_path: Path) -> None:
    (tmp_path / "a:b").write_bytes(b"")
    assert parse_wear(tmp_path / "a:b") == (tmp_path / "a:b", 1.0)
    assert parse_wear(f"{tmp_path}/a:b:-0.5") == (tmp_path / "a:b", -0.5)


# ------------------------------------------------------------------------ ask


@pytest.fixture
def run(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command line on a library of one note; the user's models stay where they are."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# A\n\nThe low rank update is small.\n", "utf-8")
    Library.open(tmp_path / "library").add(tmp_path / "notes", vectors=False)
    monkeypatch.setenv("COMMONPLACE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(program, list(words), prog_name="commonplace")

    return run


@pytest.mark.parametrize("verb", ["ask", "serve"])
def test_what_is_not_there_is_said_before_anything_is_opened(
    run: Callable[..., Result], verb: str
) -> None:
    words = [verb, "why?"] if verb == "ask" else [verb]
    done = run(*words, "--wear", "none.safetensors")
    assert done.exit_code == 2
    assert "there is no adapter at none.safetensors" in done.output


def test_a_model_behind_an_address_wears_nothing(run: Callable[..., Result], make: Make) -> None:
    done = run("ask", "why?", "--model", "http://localhost:1/v1#m", "--wear", str(make()))
    assert done.exit_code == 2
    assert "chosen where it runs" in done.output


@pytest.mark.weights
def test_the_answer_and_the_log_say_what_was_worn(
    run: Callable[..., Result], make: Make, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.environ["XDG_CACHE_HOME"]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("COMMONPLACE_MODELS", str(locate("bge-small-en-v1.5").parent))
    monkeypatch.setenv("XDG_CACHE_HOME", own)
    contents = Library.open("library").contents()
    trained = tuple(TrainingItem(name, content) for name, content in contents.items())
    make("a.safetensors", trained_on=trained)
    make("b.safetensors", trained_on=(TrainingItem("gone", "0" * 64),))
    words = ["ask", "How large is the low rank update?", "--model", str(base)]
    done = run(*words, "--wear", "a.safetensors", "--wear", "b.safetensors:0.5", "--json")
    record = json.loads(done.stdout)
    assert [(one["path"], one["strength"]) for one in record["worn"]] == [
        ("a.safetensors", 1.0),
        ("b.safetensors", 0.5),
    ]
    assert [one["stale"] for one in record["worn"]] == [[], ["gone"]]
    assert Library.open("library").log()[0]["worn"] == record["worn"]
    shown = run(*words, "--wear", "b.safetensors:0.5").output
    assert "wore b.safetensors at strength 0.5" in shown
    assert "it is stale" in shown


def test_torch_is_not_imported(base: Path, make: Make) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from commonplace.models import open_language_model\n"
        "model = open_language_model(sys.argv[1], wear=[sys.argv[2]], context_tokens=256)\n"
        "assert model.worn[0].strength == 0.5\n"
        "bad = {'torch', 'gguf', 'transformers', 'safetensors'} & {*sys.modules}\n"
        "assert not bad, bad\n"
    )
    words = [sys.executable, "-c", code, str(base), f"{make()}:0.5"]
    subprocess.run(words, check=True, timeout=PATIENCE)
