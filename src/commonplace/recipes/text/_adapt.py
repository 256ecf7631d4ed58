"""The recipe: a language model learns a user's notes, and an adapter file is what it learned.

Notable: the base is frozen, gradients go to the factors alone. Each validation measures gain and
drift together (`_measure.py`); the step of the best score is the result, and if that is the base
itself, nothing is written and the error says so. What is reported is measured once, at the end, on
text that chose nothing: a part of the notes, and every other block of the unrelated text. A run
that was killed or stopped goes on with `resume`: its checkpoints lie beside the file that it will
write, until it is written.

    commonplace adapt text --from ~/notes --out notes.safetensors
"""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.algebra.provenance import TrainingItem
from commonplace.adapters.formats.files import save_adapter
from commonplace.adapters.running.attach import attach
from commonplace.adapters.running.create import create
from commonplace.adapters.running.wearing import AdaptedModel
from commonplace.foundation import InputError
from commonplace.recipes.text._base_model import Language
from commonplace.recipes.text._measure import UNRELATED_SHA256, Measure, unrelated_text
from commonplace.recipes.text._settings import TextSettings
from commonplace.recipes.text._split import TrainingText, split
from commonplace.recipes.text._tokens import blocks, next_token_loss, spread
from commonplace.training import (
    RunRecord,
    StepRecord,
    check_target,
    checkpoints_of,
    record_run,
    remove_checkpoints,
    train,
)


@dataclass(frozen=True)
class TextReport:
    """Gain and drift of a training, before and after, on text that chose nothing."""

    run: str  # its id in the log; "" if none was kept
    out: str
    bytes: int
    steps: int  # that were taken
    best_step: int  # whose parameters were written
    stopped: str
    seconds: float
    tokens: int  # seen while training, those of several epochs counted again
    held_out_perplexity: tuple[float, float]  # before, after
    unrelated_perplexity: tuple[float, float]
    divergence: float  # KL(base || adapted) on unrelated text, nats a token
    validation: Mapping[str, float]  # the figures that chose the step: a little too good


@dataclass(frozen=True)
class TokenBlocks:
    """The learned, the held-out and the unrelated text as blocks of tokens [n, length]."""

    learned: Tensor
    validation: Tensor  # chooses the step, together with `unrelated`
    test: Tensor  # chooses nothing
    unrelated: Tensor
    unrelated_test: Tensor  # chooses nothing
    left_out: int  # paragraphs that stand in the held-out text too

    def counts(self) -> dict[str, int]:
        """The tokens of each text, and the paragraphs that were left out."""
        return {
            "learned_tokens": self.learned.numel(),
            "held_out_tokens": self.validation.numel(),
            "test_tokens": self.test.numel(),
            "unrelated_tokens": self.unrelated.numel() + self.unrelated_test.numel(),
            "left_out_paragraphs": self.left_out,
        }


class NextTokenModel(AdaptedModel):
    """The adapted model from token numbers [n, length] to scores [n, length, vocabulary]."""

    def forward(self, *args: Any, **_: Any) -> Any:
        """The scores of each next token."""
        return self.base(input_ids=args[0], use_cache=False).logits


def adapt_text(
    documents: Sequence[TrainingText],
    language: Language,
    out: Path,
    settings: TextSettings | None = None,
    *,
    runs: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_begin: Callable[[dict[str, int]], None] = lambda _: None,
    on_step: Callable[[StepRecord], None] = lambda _: None,
) -> TextReport:
    """Train an adapter on documents and write it to `out`.

    Args:
        documents: what is learned, with the items that they are.
        language: the base; afterwards it is as it was before.
        out: the file to write; checkpoints lie beside it, in `out` + ".training".
        settings: how it learns.
        runs: the folder of the run's record; None: none is kept.
        resume: go on with the checkpoints that lie there.
        overwrite: replace what is at `out`, and what a stopped run left.
        on_begin: told how many tokens are learned, held out, tested and unrelated.
        on_step: told of each step.

    Raises:
        InputError: too little text, `out` is there already, nothing was gained, or as `train`.
    """
    settings = settings or TextSettings()
    check_target(out, resume, overwrite)
    texts = prepare(documents, language.tokenizer, settings)
    on_begin(texts.counts())
    training = settings.training
    adapter = create(
        language.model,
        kind=settings.kind,
        rank=settings.rank,
        alpha=settings.alpha,
        seed=training.seed,
        base=language.name,
    )
    about = _configuration(documents, adapter, settings)
    data = {"items": len(documents), "sha256": about["data"], **texts.counts()}
    attached, place = attach(language.model, adapter, trainable=True), checkpoints_of(out)
    facts = {"configuration": {**about, **asdict(training)}, "data": data}
    try:
        model = NextTokenModel(language.model, attached)
        measure = _measure(texts.validation, texts.unrelated, settings, model)
        with record_run(runs, place, resume, "adapt text", **facts) as log:
            steps = train(
                model,
                list(texts.learned),
                next_token_loss,
                training,
                validate=measure,
                folder=place,
                resume=resume,
                configuration=about,
            )
            last = _take_steps(steps, log, settings, on_step)
            _require_gain(last)
            learned = _with_record(
                attached.adapter,
                documents,
                language=language,
                settings=settings,
                last=last,
                out=out,
            )
            save_adapter(learned, out, overwrite=True)
            test = _measure(texts.test, texts.unrelated_test, settings, model)
            report = _report(log, out, last=last, measure=measure, test=test, model=model)
            log.result, log.reason = asdict(report), last.stopped
    finally:
        attached.detach()
    remove_checkpoints(place)  # not before the file and its record are written
    return report


def prepare(
    documents: Sequence[TrainingText], tokenizer: Any, settings: TextSettings
) -> TokenBlocks:
    """Divide the documents into three texts, and turn them into tokens.

    Raises:
        InputError: there is too little text.
    """
    parts, length = split(documents, settings.held_out, settings.tested), settings.block
    # The shipped text has some 2,000 tokens; longer blocks would leave too few to divide.
    unrelated = blocks(tokenizer, [TrainingText(unrelated_text())], min(length, 256))
    return TokenBlocks(
        learned=blocks(tokenizer, parts.learned, length),
        validation=spread(blocks(tokenizer, parts.validation, length), settings.most_held_out),
        test=spread(blocks(tokenizer, parts.test, length), settings.most_tested),
        unrelated=unrelated[0::2],
        unrelated_test=unrelated[1::2],
        left_out=parts.left_out,
    )


def _measure(
    held_out: Tensor, unrelated: Tensor, settings: TextSettings, model: AdaptedModel
) -> Measure:
    return Measure(
        held_out,
        unrelated,
        weight=settings.drift_weight,
        limit=settings.drift_limit,
        base_only=model.without_adapter,
    )


def _take_steps(
    steps: Generator[StepRecord, None, None],
    log: RunRecord,
    settings: TextSettings,
    on_step: Callable[[StepRecord], None],
) -> StepRecord:
    """Take all steps and write each down; returns the last."""
    last = None
    for last in steps:
        log.step(last, tokens=last.items * (settings.block - 1))
        on_step(last)
    assert last is not None, "a run has one record at least"
    return last


def _require_gain(last: StepRecord) -> None:
    """Raise InputError where no step was better than none."""
    if not last.best_step:
        raise InputError(
            f"no step of {last.step} was better than the model as it is ({last.stopped}): what the "
            "held-out text gained did not pay for the drift, so nothing was written; select more "
            "text, or lower the learning rate"
        )


def _configuration(
    documents: Sequence[TrainingText], adapter: Adapter, settings: TextSettings
) -> dict[str, Any]:
    """What a resumed run must have in common, besides the settings of the training."""
    items = [(document.id, document.sha256, _sha256(document.text)) for document in documents]
    choices = asdict(settings)
    del choices["training"]
    return {
        **choices,
        "base": adapter.provenance.base,
        "fingerprint": adapter.provenance.fingerprint,
        "data": _sha256(repr(sorted(items))),
        "unrelated": UNRELATED_SHA256,
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _with_record(
    adapter: Adapter,
    documents: Sequence[TrainingText],
    *,
    language: Language,
    settings: TextSettings,
    last: StepRecord,
    out: Path,
) -> Adapter:
    """The adapter with what it was trained on, from which base, and how."""
    training = settings.training
    scale = "" if settings.alpha is None else f" alpha={settings.alpha:g}"
    recipe = (
        f"adapt text kind={settings.kind} rank={settings.rank}{scale} block={settings.block} "
        f"steps={training.steps} batch={training.batch}x{training.accumulation} "
        f"learning_rate={training.learning_rate:g} drift_limit={settings.drift_limit:g}"
    )
    return adapter.with_provenance(
        trained_on=tuple(
            TrainingItem(document.id, document.sha256) for document in documents if document.id
        ),
        recipe=recipe,
        seed=training.seed,
        steps=last.best_step,
        licence=language.licence,
        title=out.stem,
        base_sha256=language.sha256,
    )


def _report(
    log: RunRecord,
    out: Path,
    *,
    last: StepRecord,
    measure: Measure,
    test: Measure,
    model: AdaptedModel,
) -> TextReport:
    """Measure the model, which holds the best step, on the text that chose it and on the test."""
    model.eval()
    (held_out, unrelated), figures = test.before(model), test(model).figures
    return TextReport(
        run=log.id,
        out=str(out),
        bytes=out.stat().st_size,
        steps=last.step,
        best_step=last.best_step or 0,
        stopped=last.stopped,
        seconds=last.seconds,
        tokens=last.items * (measure.held_out.shape[1] - 1),
        held_out_perplexity=(held_out.perplexity, figures["held_out_perplexity"]),
        unrelated_perplexity=(unrelated.perplexity, figures["unrelated_perplexity"]),
        divergence=figures["divergence"],
        validation=measure(model).figures,
    )
