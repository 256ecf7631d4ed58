"""How much sooner is an answer written when words are drafted from its prompt, and is it the same?

Needs a folder of notes, for example $DATA/library/ml, and `pip install 'commonplace[llm]'`.

    python -m benchmarks.speed.speculation DIR [--library KEEP] [--model SPEC]
        [--questions 16] [--json]

Each prompt is written from by the same model four times in turn, the order turning too: `before`
(no drafts, nothing kept), `plain` (no drafts, the instructions kept evaluated), `always` (drafts,
never switched off) and `balanced` (what `#draft` does: switched off while they cost).
Prompts: questions over the folder, as `ask` puts them; text that copies nothing; a passage to copy,
the best case. Ratios are of processor seconds of this process, so that other programs count
little, and medians over prompts; tokens a second are after the first token, over `plain`. Seconds
until the first token and the first whole sentence are wall-clock. Also: the estimate of the
speed-up that an answer carries beside it, and how many texts are the same.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.scaffold import argument_parser, report
from commonplace import Library
from commonplace.answers import ExtractiveReader, GenerativeReader, GenerativeSettings
from commonplace.corpus import sentence_spans
from commonplace.foundation import default_threads
from commonplace.models import (
    DEFAULT_LANGUAGE_MODEL,
    Generation,
    LlamaModel,
    Speculation,
    find_model,
    locate,
    open_cross_encoder,
)
from commonplace.models.language.runtime import Runtime, RuntimeSettings

Messages = Sequence[Mapping[str, str]]
QUESTIONS = (
    "How does dropout prevent overfitting?",
    "What is the vanishing gradient problem in recurrent networks?",
    "How does an LSTM decide what to forget?",
    "How does beam search work?",
    "What is the purpose of the attention mechanism?",
    "Why are residual connections useful in deep networks?",
    "What does the discriminator of a GAN learn?",
    "How do diffusion models generate samples?",
    "How does Q-learning update its values?",
    "What is momentum in optimization?",
    "How are Shapley values computed?",
    "What is a counterfactual explanation?",
    "What is chain-of-thought prompting?",
    "What is non-maximum suppression?",
    "What is word2vec?",
    "What is knowledge distillation?",
    "What is the reparameterization trick?",
    "What is reward hacking?",
    "What does RoI pooling do?",
    "What is a mixture of experts?",
)
COPIES_NOTHING = (
    "Write a short story about a lighthouse keeper.",
    "Describe a market in the morning.",
    "Give advice to somebody who moves to a new city.",
    "Explain how bread is baked.",
    "Write a letter from a sailor to his sister.",
    "Describe a journey by train through mountains.",
)
PASSAGE = (
    "Residual connections add the input of a block to its output, so that the block learns only "
    "the difference. The gradient flows back through the sum unchanged, and networks of more than "
    "a hundred layers can be trained without their training error growing with depth. "
)


@dataclass(frozen=True)
class Run:
    """One text: its words and its account; seconds until something, and what they cost."""

    text: str
    account: Generation
    first_token: float  # wall-clock, as the next
    first_sentence: float
    prompt: float  # processor seconds until the first token
    writing: float  # processor seconds after it


class Listener:
    """Stands in for a model, so that a reader's prompt can be heard."""

    def __init__(self, model: LlamaModel) -> None:
        self.name, self.context_tokens = model.name, model.context_tokens
        self.count_tokens = model.count_tokens
        self.messages: Messages = ()

    def generate(
        self, messages: Messages, *, max_tokens: int, temperature: float = 0.0
    ) -> Iterator[str]:
        """Say nothing."""
        self.messages = list(messages)
        return iter(())


def answer_prompts(library: Library, model: LlamaModel, count: int, context: int) -> list[Messages]:
    """What `ask` would send for each question."""
    extractive, prompts = ExtractiveReader(open_cross_encoder()), list[Messages]()
    for question in QUESTIONS[:count]:
        hits = library.search(question, profile="best", limit=10)
        ranked = extractive.read(question, [hit.passage for hit in hits]).passages
        listener = Listener(model)
        GenerativeReader(listener, settings=GenerativeSettings(most_context=context)).read(
            question, ranked
        )
        prompts.append(listener.messages)
    return prompts


def user(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def copying() -> Messages:
    again = {"role": "user", "content": "Copy it again."}
    copied = {"role": "assistant", "content": PASSAGE * 2}
    return [*user(f"Copy this text again and again.\n{PASSAGE * 2}"), copied, again]


def write(model: LlamaModel, messages: Messages, tokens: int) -> Run:
    accounts = list[Generation | None]()

    def pieces() -> Iterator[str]:
        accounts.append((yield from model.generate(messages, max_tokens=tokens)))

    start, busy, text = time.perf_counter(), time.process_time(), ""
    token = sentence = prompt = 0.0
    for piece in pieces():
        if not text:
            token, prompt = time.perf_counter() - start, time.process_time() - busy
        text += piece
        if not sentence and len(sentence_spans(text)) > 1:
            sentence = time.perf_counter() - start
    busy_seconds = time.process_time() - busy
    assert accounts[0] is not None, "the runtime tells what a text took"
    sentence = sentence or time.perf_counter() - start
    return Run(
        text,
        accounts[0],
        first_token=token,
        first_sentence=sentence,
        prompt=prompt,
        writing=busy_seconds - prompt,
    )


def median(values: Sequence[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def drafting(rows: Sequence[Mapping[str, Run]], name: str) -> dict[str, Any]:
    """How `name` wrote beside `plain`; a text of a few words tells no speed and is left out."""
    long = [row for row in rows if row[name].account.tokens >= 16]
    ratios = [row["plain"].writing / row[name].writing for row in long]
    accounts = [row[name].account for row in rows]
    return {
        "speed-up": median(ratios),
        "worst, best": [round(f(ratios), 2) for f in (min, max)] if ratios else None,
        "estimated": median([r.speed_up for r in accounts if r.speed_up and r.tokens >= 16]),
        "tokens": sum(each.tokens for each in accounts),
        "drafted": sum(each.drafted for each in accounts),
        "accepted": sum(each.accepted for each in accounts),
        "written with drafts off": sum(bool(each.off) for each in accounts),
        "same text as plain": sum(row[name].text == row["plain"].text for row in rows),
    }


def summary(rows: Sequence[Mapping[str, Run]]) -> dict[str, Any]:
    """Medians over prompts."""
    accounts = [row["plain"].account for row in rows]
    figures: dict[str, Any] = {
        "prompts": len(rows),
        "prompt tokens": median([each.prompt_tokens for each in accounts]),
        "of these kept": median([each.cached_tokens for each in accounts]),
        "prompt, before / plain": median([r["before"].prompt / r["plain"].prompt for r in rows]),
        "plain same text as before": sum(r["before"].text == r["plain"].text for r in rows),
    }
    for name in ("before", "plain", "always", "balanced"):
        figures[f"first token, {name}, s"] = median([row[name].first_token for row in rows])
        figures[f"first sentence, {name}, s"] = median([row[name].first_sentence for row in rows])
    for name in ("always", "balanced"):
        figures |= {f"{name}: {what}": value for what, value in drafting(rows, name).items()}
    return figures


def compare(models: Mapping[str, LlamaModel], prompts: Sequence[Messages], tokens: int) -> Any:
    names, rows = list(models), list[dict[str, Run]]()
    for number, messages in enumerate(prompts):
        turned = names[number % 4 :] + names[: number % 4]
        rows.append({name: write(models[name], messages, tokens) for name in turned})
    return summary(rows)


def models_of(spec: str) -> dict[str, LlamaModel]:
    if spec == DEFAULT_LANGUAGE_MODEL:
        entry = find_model(spec)
        path = locate(entry) / entry.weights.name
    else:
        path = Path(spec)
    threads = max(1, default_threads() - 1)
    drafts: dict[str, tuple[Speculation | None, bool]] = {
        "before": (None, False),
        "plain": (None, True),
        "always": (Speculation(trial=10**9), True),
        "balanced": (Speculation(), True),
    }
    return {
        name: LlamaModel(spec, 4096, Runtime(RuntimeSettings(path, 4096, threads, *settings)))
        for name, settings in drafts.items()
    }


def table(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, values in figures.items():
        yield f"\n{name}"
        for row, value in values.items():
            yield f"  {row:<40}{value!s:>20}"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    parser.add_argument("--model", default=DEFAULT_LANGUAGE_MODEL)
    parser.add_argument("--questions", type=int, default=16, help=f"at most {len(QUESTIONS)}")
    parser.add_argument("--others", type=int, default=6, help="prompts that copy nothing")
    parser.add_argument("--context", type=int, default=512, help="tokens of passages")
    parser.add_argument("--tokens", type=int, default=128, help="most tokens of an answer")
    options = parser.parse_args()
    models = models_of(options.model)
    with tempfile.TemporaryDirectory() as temporary:
        library = Library.open(options.library or Path(temporary) / "library")
        library.add(options.folder)
        prompts = answer_prompts(library, models["plain"], options.questions, options.context)
    sets = {
        "answers over the folder": prompts,
        "text that copies nothing": [user(text) for text in COPIES_NOTHING[: options.others]],
        "a passage to copy": [copying()] * 2,
    }
    figures = {name: compare(models, each, options.tokens) for name, each in sets.items() if each}
    report(options, figures, table(figures))


if __name__ == "__main__":
    main()
