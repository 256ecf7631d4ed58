"""`adapter`: what is printed, what is written, what is refused, and without torch."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from commonplace import Library

if TYPE_CHECKING:
    from commonplace.adapters import Adapter

Run = Callable[..., Result]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two adapters that fight: the second is the first, against it, and something of its own."""
    pytest.importorskip("torch", reason="adapters need torch")
    from commonplace.adapters import Provenance, save_adapter

    made = _adapter()
    known = Provenance("tiny", recipe="by hand", trigger_words=("sks",), title="first")
    save_adapter(made.with_provenance(**vars(known)), tmp_path / "first.safetensors")
    against = made.map(lambda _, one: one.with_tensors({**one.tensors, "up": -one.factors["up"]}))
    save_adapter(against, tmp_path / "second.safetensors")
    return tmp_path / "first.safetensors", tmp_path / "second.safetensors"


def _adapter() -> "Adapter":
    import torch

    from commonplace.adapters import Adapter, Layer

    random = torch.Generator().manual_seed(0)
    layers = {}
    for name in ("blocks.0.linear", "blocks.1.linear"):
        up, down = (torch.randn(shape, generator=random) for shape in ((6, 2), (2, 5)))
        layers[name] = Layer("lora", {"up": up, "down": down}, 2.0, 2)
    return Adapter(layers)


def test_inspect_as_a_table_with_bars(run: Run, files: tuple[Path, Path]) -> None:
    result = run("adapter", "inspect", str(files[0]))
    assert result.exit_code == 0, result.output
    for text in ("2 LoRA", "tiny", "sks", "by hand", "blocks.0", "█"):
        assert text in result.stdout
    found = json.loads(run("adapter", "inspect", str(files[0]), "--json").stdout)
    assert (found["kinds"], found["ranks"], found["parameters"]) == ({"LoRA": 2}, [2], 44)
    assert found["provenance"]["trigger_words"] == ["sks"]


def test_compose_says_who_fights(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    words = ["adapter", "compose", str(files[0]), f"{files[1]}:0.5", "--out", str(out)]
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "2 fights" in result.stdout
    assert "first and second share 100% of the energy in blocks.0.linear and fight" in result.stdout
    assert "first: 50.0%" in result.stdout
    again = run(*words)
    assert again.exit_code == 2
    assert "exists; name another, or overwrite it" in again.stderr
    assert run(*words, "--overwrite").exit_code == 0


def test_resize_says_what_was_lost(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "small.safetensors"
    result = run("adapter", "resize", str(files[0]), "--rank", "1", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "relative error " in result.stdout
    found = json.loads(run("adapter", "inspect", str(out), "--json").stdout)
    assert found["ranks"] == [1]
    refused = run("adapter", "resize", str(files[0]), "--out", str(tmp_path / "x.safetensors"))
    assert "a rank, or an energy" in refused.stderr


def test_convert_there_and_back(run: Run, files: tuple[Path, Path], tmp_path: Path) -> None:
    import torch

    from commonplace.adapters import open_adapter
    from commonplace.adapters.formats.tensor_file import write_tensors

    weights = {f"{name}.weight": torch.zeros(6, 5) for name in _adapter().layers}
    write_tensors(tmp_path / "base.safetensors", weights.items(), dict)
    kohya, folder = tmp_path / "kohya.safetensors", tmp_path / "folder"
    assert (
        run("adapter", "convert", str(files[0]), "--to", "kohya", "--out", str(kohya)).exit_code
        == 0
    )
    assert "lora_unet_blocks_0_linear" in open_adapter(kohya).layers
    words = ["adapter", "convert", str(kohya), "--to", "peft", "--out", str(folder)]
    refused = run(*words)
    assert refused.exit_code == 2
    assert "name the base model" in refused.stderr
    assert run(*words, "--base", str(tmp_path / "base.safetensors")).exit_code == 0
    before, after = open_adapter(files[0]), open_adapter(folder)
    assert list(before.layers) == list(after.layers)
    for name, layer in before.layers.items():
        tensors = after.layers[name].tensors
        assert all(torch.equal(one, tensors[key]) for key, one in layer.tensors.items())


def test_to_llama_and_back(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="adapters need torch")
    import torch

    from commonplace.adapters import create, open_adapter, save_adapter
    from tiny_llama import tiny_llama, write_model

    model = tiny_llama()
    write_model(model, tmp_path / "model.gguf")
    save_adapter(create(model, "*proj", rank=2, base="tiny"), tmp_path / "a.safetensors")
    words = ["adapter", "convert", str(tmp_path / "a.safetensors"), "--to", "gguf"]
    words += ["--out", str(tmp_path / "a.gguf")]
    refused = run(*words)
    assert refused.exit_code == 2
    assert "name the model's GGUF file" in refused.stderr
    done = run(*words, "--base", str(tmp_path / "model.gguf"))
    assert done.exit_code == 0, done.stderr
    assert "14 layers" in done.stdout
    assert "tiny" in run("adapter", "inspect", str(tmp_path / "a.gguf")).stdout
    listed = json.loads(run("adapter", "list", str(tmp_path), "--json").stdout)["adapters"]
    assert [Path(one["path"]).name for one in listed] == ["a.safetensors", "a.gguf"]
    back = [
        "adapter",
        "convert",
        str(tmp_path / "a.gguf"),
        "--out",
        str(tmp_path / "b.safetensors"),
    ]
    assert run(*back).exit_code == 0
    before, after = (open_adapter(tmp_path / f"{name}.safetensors") for name in "ab")
    assert {*before.layers} == {*after.layers}
    for name, layer in before.layers.items():
        assert torch.equal(layer.factors["down"], after.layers[name].factors["down"])


def test_list_says_stale_when_a_training_item_changed(
    run: Run, filled: tuple[Path, Path], files: tuple[Path, Path]
) -> None:
    from commonplace.adapters import TrainingItem, open_adapter, save_adapter

    contents = Library.open(filled[0]).contents()
    items = tuple(TrainingItem(name, content) for name, content in contents.items())
    changed = (TrainingItem(items[0].id, "0" * 64), *items[1:])
    for file, trained_on in zip(files, (items, changed), strict=True):
        # Written beside itself: the layers are read from the file while the new one is written.
        known = open_adapter(file).with_provenance(trained_on=trained_on)
        save_adapter(known, file, overwrite=True)
    result = run("adapter", "list", str(files[0].parent))
    first, second = (line for line in result.stdout.splitlines() if "layers" in line)
    assert "stale:" not in first
    assert f"stale: 1 of {len(items)} training items changed" in second
    found = json.loads(run("adapter", "list", str(files[0].parent), "--json").stdout)
    assert [one["stale"] for one in found["adapters"]] == [[], [items[0].id]]


def test_what_is_no_adapter_has_its_reason(run: Run, files: tuple[Path, Path]) -> None:
    broken = files[0].parent / "broken.safetensors"
    broken.write_bytes(b"nothing")
    result = run("adapter", "list", str(files[0].parent))
    assert result.exit_code == 0
    assert "broken.safetensors is no safetensors file" in result.stdout
    assert run("adapter", "inspect", str(broken)).exit_code == 2


def test_without_torch_a_sentence() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from commonplace.cli import main\n"
        "main(['adapter', 'inspect', 'x.safetensors'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"pip install 'commonplace[adapt]'" in done.stderr


def test_help_imports_no_torch() -> None:
    code = (
        "import sys\nfrom commonplace.cli import main\n"
        "try: main(['adapter', 'compose', '--help'])\n"
        "finally: assert 'torch' not in sys.modules"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode
        == 0
    )


@pytest.mark.parametrize(
    "words",
    ["adapter compose FILE --out OUT --density", "adapter resize FILE --out OUT --energy"]
    + [f"adapt text --from x --out OUT --{name}" for name in ("drift-limit", "learning-rate")],
)
def test_what_is_no_number_is_refused(run: Run, words: str) -> None:
    refused = run(*words.split(), "nan")
    assert refused.exit_code == 2
    assert "'nan' is not a valid float" in refused.stderr
