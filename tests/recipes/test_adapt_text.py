"""`commonplace adapt text` and `commonplace runs` with a tiny random language model."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from commonplace import Library
from commonplace.adapters import attach, open_adapter
from commonplace.cli import program
from commonplace.recipes.text import (
    NextTokenModel,
    TextSettings,
    TrainingText,
    compare,
    evaluate,
    open_language,
    prepare,
)

Run = Callable[..., Result]
WORDS = "the low rank update of a weight matrix is small and learns what notes say about it".split()


class Scores(torch.nn.Module):
    """A model of transformers from token numbers to scores."""

    def __init__(self, base: torch.nn.Module) -> None:
        super().__init__()
        self.base = base

    def forward(self, tokens: torch.Tensor) -> Any:
        return self.base(input_ids=tokens).logits


def notes(seed: int, count: int = 220) -> str:
    """Paragraphs of the words in chance order, no two alike."""
    chance = random.Random(seed)
    return "\n\n".join(" ".join(chance.choices(WORDS, k=24)) + "." for _ in range(count))


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Llama of 40,000 random weights."""
    folder = tmp_path_factory.mktemp("language")
    pieces = ByteLevelBPETokenizer()
    pieces.train_from_iterator([notes(0)], vocab_size=300, show_progress=False)
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=pieces._tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = LlamaConfig(vocab_size=300, num_attention_heads=2, num_key_value_heads=2, **sizes)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line on a library of two notes."""
    (tmp_path / "notes").mkdir()
    for seed, name in enumerate(("a.md", "b.md")):
        (tmp_path / "notes" / name).write_text(f"# Note {seed}\n\n{notes(seed)}\n", "utf-8")
    Library.open(tmp_path / "library").add(tmp_path / "notes", vectors=False)
    monkeypatch.setenv("COMMONPLACE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(program, list(words), prog_name="commonplace")

    return run


def adapt(run: Run, language: Path, *more: str) -> Result:
    words = ["--model", str(language), "--out", "notes.safetensors", "--learning-rate", "0.01"]
    return run("adapt", "text", "--from", "notes", *words, *more)


def test_notes_are_learned_and_both_gain_and_drift_are_reported(run: Run, language: Path) -> None:
    base = load_file(language / "model.safetensors")
    done = adapt(run, language, "--steps", "10", "--drift-limit", "5", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    before, after = report["held_out_perplexity"]
    assert after < before
    assert report["divergence"] > 0
    assert len(report["unrelated_perplexity"]) == 2
    assert report["bytes"] == Path("notes.safetensors").stat().st_size
    same = load_file(language / "model.safetensors")
    assert all(torch.equal(base[name], same[name]) for name in base)


def test_what_is_reported_chose_nothing(run: Run, language: Path) -> None:
    """Measured anew, with the file that was written, on the part that no validation saw."""
    done = adapt(run, language, "--steps", "10", "--drift-limit", "5", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    opened = open_language(str(language))
    documents = [TrainingText(one.text, one.id) for one in Library.open("library").select("notes")]
    texts = prepare(documents, opened.tokenizer, TextSettings())
    bare = Scores(opened.model)
    before = evaluate(bare, texts.test), evaluate(bare, texts.unrelated_test, keep=True)
    worn = attach(opened.model, open_adapter("notes.safetensors"))
    words = NextTokenModel(opened.model, worn)
    drifted, divergence = compare(words, texts.unrelated_test, before[1])
    figures = [before[0].perplexity, evaluate(words, texts.test).perplexity]
    assert report["held_out_perplexity"] == pytest.approx(figures, rel=1e-5)
    figures = [before[1].perplexity, math.exp(drifted)]
    assert report["unrelated_perplexity"] == pytest.approx(figures, rel=1e-5)
    assert report["divergence"] == pytest.approx(divergence, rel=1e-4)
    chose = report["validation"]
    assert chose["held_out_perplexity"] == pytest.approx(
        evaluate(words, texts.validation).perplexity
    )


def test_divergence_is_that_of_torch(language: Path) -> None:
    opened = open_language(str(language))
    words = Scores(opened.model)
    rows = torch.randint(300, (5, 64), generator=torch.Generator().manual_seed(1))
    before = evaluate(words, rows, keep=True)
    logs = opened.model(input_ids=rows).logits[:, :-1].log_softmax(-1)
    with torch.no_grad():
        for one in opened.model.parameters():
            one.mul_(4)
    now = opened.model(input_ids=rows).logits[:, :-1].log_softmax(-1)
    places = slice(3, None, 4)  # every fourth
    expected = torch.nn.functional.kl_div(
        now[:, places].flatten(0, 1),
        logs[:, places].flatten(0, 1),
        reduction="batchmean",
        log_target=True,
    )
    loss, divergence = compare(words, rows, before)
    assert divergence == pytest.approx(float(expected), rel=1e-5)
    assert divergence > 0.01
    assert loss == pytest.approx(
        float(torch.nn.functional.cross_entropy(now.flatten(0, 1), rows[:, 1:].flatten())), rel=1e-5
    )


def test_the_file_says_what_it_was_trained_on_and_goes_stale(run: Run, language: Path) -> None:
    done = adapt(run, language, "--steps", "10", "--drift-limit", "5")
    assert done.exit_code == 0, done.output
    provenance = open_adapter("notes.safetensors").provenance
    assert len(provenance.trained_on) == 2
    assert provenance.recipe
    listed = json.loads(run("adapter", "list", "--json", ".").stdout)["adapters"]
    mine = [one for one in listed if one["path"].endswith("notes.safetensors")]
    assert not mine[0]["stale"]
    Path("notes/a.md").write_text("# Other\n\nSomething else.\n", "utf-8")
    Library.open("library").add("notes", vectors=False)
    listed = json.loads(run("adapter", "list", "--json", ".").stdout)["adapters"]
    assert next(one["stale"] for one in listed if one["path"].endswith("notes.safetensors"))


def test_a_run_is_listed_and_plotted(run: Run, language: Path) -> None:
    assert "nothing was trained yet" in run("runs").output
    adapt(run, language, "--steps", "10", "--drift-limit", "5")
    (one,) = json.loads(run("runs", "--json").stdout)["runs"]
    assert one["state"] == "done"
    assert one["steps"] == 10
    shown = run("runs", "show", one["id"])
    assert shown.exit_code == 0
    assert "held out" in shown.output
    assert "drift" in shown.output


def test_what_is_not_in_the_library_is_one_sentence(run: Run, language: Path) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/c.md").write_text("not added", "utf-8")
    asked = ["--model", str(language), "--out", "c.safetensors"]
    done = run("adapt", "text", "--from", "elsewhere", *asked)
    assert done.exit_code != 0
    assert "commonplace add" in done.output
    assert not Path("c.safetensors").exists()
