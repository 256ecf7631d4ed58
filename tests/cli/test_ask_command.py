"""`ask`: answers, doubts and refusals, each in its form, and exit codes. The reader is a fake."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from commonplace import Answer, Citation, Filter, Library, Refusal, Sentence, Unsure
from commonplace.answers import CAUTION, THRESHOLD, Reply, WornAdapter
from commonplace.models import Generation
from outcomes import account, unsure_of

Run = Callable[..., Result]
Ask = Callable[[Reply], dict[str, Any]]

_AT = datetime(2026, 1, 2, 12, tzinfo=UTC)
_SAID = "LoRA trains two small matrices."


@pytest.fixture
def answer(filled: tuple[Path, Path]) -> Answer:
    """Two sentences on three citations, of which both share one."""
    hits = Library.open(filled[0]).search("low-rank update DoRA weight", profile="bm25")
    lora, dora = (
        next(
            hit.passage
            for hit in hits
            if hit.passage.path.endswith(name) and word in hit.passage.text
        )
        for name, word in (("lora.md", "matrices"), ("dora.md", "magnitude"))
    )
    start = lora.text.index(_SAID)
    shared = Citation(lora, start, start + len(_SAID), lora.locator)
    other = Citation(dora, 0, 12, dora.locator, "changed on disk since it was read on 2026-01-01")
    return Answer(
        question="Why?",
        sentences=(Sentence(_SAID, (shared,)), Sentence("So does DoRA.", (other, shared))),
        confidence=0.75,
        unsupported=2,
        reader="extractive",
        as_of=_AT,
        newest=_AT,
        oldest=datetime(2021, 3, 2, 12, tzinfo=UTC),
        timings={"search": 0.25},
    )


@pytest.fixture
def refusal() -> Refusal:
    return Refusal(
        "nothing in it does",
        ("a \x1b[31mnote", "b"),
        **account("Where is Ulan Bator?", 0.1, _AT),
    )


@pytest.fixture
def unsure(filled: tuple[Path, Path]) -> Unsure:
    """Two quotes that come close, and a doubt."""
    return unsure_of(
        Library.open(filled[0]),
        "When was LoRA made?",
        ("LoRA trains two small matrices.", "DoRA splits a weight into magnitude and direction."),
        reason="it says nothing of 2022",
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Let the library say this; returns what it was asked."""

    def asked(found: Reply) -> dict[str, Any]:
        seen: dict[str, Any] = {}

        def ask(self: Library, question: str, **values: Any) -> Reply:
            seen.update(values, question=question)
            return found

        monkeypatch.setattr(Library, "ask", ask, raising=False)
        return seen

    return asked


def test_sentences_carry_marks_and_sources_follow(run: Run, asked: Ask, answer: Answer) -> None:
    seen = asked(answer)
    result = run("ask", "Why", "two?", "--model", "smollm2", "--kind", "pdf", "--wear", "a:0.5")
    assert result.exit_code == 0
    assert seen.pop("threshold") == THRESHOLD
    assert seen == {
        "question": "Why two?",
        "model": "smollm2",
        "filter": Filter(kinds=("pdf",)),
        "strict": False,
        "wear": ("a:0.5",),
        "force_wear": False,
    }
    lines = result.stdout.splitlines()
    assert lines[0] == f"{_SAID} [1] So does DoRA. [2][1]"
    assert lines[2].startswith("[1] ")
    assert lines[2].endswith("lora.md:5")
    assert "LoRA › Why two matrices" in lines[3]
    assert f"{answer.sentences[0].citations[0].passage.id}:" in lines[3]
    assert lines[4].startswith("[2] ")
    assert lines[4].endswith("dora.md:3")
    assert lines[6].strip() == "“DoRA splits ”"
    assert "this source has changed: changed on disk" in lines[7]
    assert "sources written 2021-03-02 to 2026-01-02 · extractive · 0.2 s" in result.stdout
    assert "2 sentences left out: not supported" in result.stdout
    assert result.stdout.count("[1] ") == 2


def test_no_quote_where_the_answer_is_the_quote(run: Run, asked: Ask, answer: Answer) -> None:
    same = replace(answer, sentences=answer.sentences[:1], unsupported=0)
    quote = same.sentences[0].citations[0].quote
    asked(replace(same, sentences=(Sentence(quote, same.sentences[0].citations),)))
    text = run("ask", "Why?").stdout
    assert "“" not in text
    assert "left out" not in text


def test_an_answer_says_as_of_when(run: Run, asked: Ask, answer: Answer) -> None:
    asked(answer)
    text = run("ask", "Why?", "--as-of", "2026-01-02T10:00").stdout
    assert "as of 2026-01-02 10:00" in text


def test_an_answer_in_json(run: Run, asked: Ask, answer: Answer, notes: Path) -> None:
    asked(answer)
    result = run("ask", "Why?", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["answered"] is True
    assert [sentence["text"] for sentence in found["sentences"]] == [_SAID, "So does DoRA."]
    first = found["sentences"][0]["citations"][0]
    assert first["path"] == str(notes / "lora.md")
    assert first["quote"] == answer.sentences[0].citations[0].quote
    assert first["changed"] == ""
    assert first["locator"]["type"] == "text"
    assert first["id"].count(":") == 1
    assert found["nearest"] == []
    assert (found["unsupported"], found["confidence"]) == (2, 0.75)
    assert found["as_of"] == "2026-01-02T12:00:00+00:00"
    assert found["oldest"] == "2021-03-02T12:00:00+00:00"
    assert found["timings"] == {"search": 0.25}
    assert found["speculation"] is None


def test_what_writing_took_in_json(run: Run, asked: Ask, answer: Answer) -> None:
    asked(replace(answer, speculation=Generation(12, 0.5, 8, 6, 0.75, 90, 30, 1.25)))
    found = json.loads(run("ask", "Why?", "--json").stdout)["speculation"]
    assert (found["drafted"], found["accepted"], found["acceptance"]) == (8, 6, 0.75)
    assert (found["speed_up"], found["off"], found["cached_tokens"]) == (1.5, "", 30)


def test_what_drafts_saved_is_said(run: Run, asked: Ask, answer: Answer) -> None:
    made = Generation(12, 0.5, 8, 6, 0.75, 90, 30, 1.25)
    asked(replace(answer, speculation=made))
    assert "6 of 8 drafted tokens were right: 1.50 times as fast" in run("ask", "Why?").stdout
    asked(replace(answer, speculation=replace(made, drafted=0, accepted=0, off="it costs")))
    assert "nothing drafted: it costs" in run("ask", "Why?").stdout


def test_a_refusal_cites_nothing(run: Run, asked: Ask, refusal: Refusal) -> None:
    asked(refusal)
    result = run("ask", "Where is Ulan Bator?")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "The library does not answer this: nothing in it does."
    assert "[1]" not in result.stdout
    assert lines[-2:] == ["  a \ufffd[31mnote", "  b"]
    assert result.stderr == ""


def test_a_refusal_in_json_has_the_same_keys(
    run: Run, asked: Ask, answer: Answer, refusal: Refusal
) -> None:
    asked(answer)
    answered = json.loads(run("ask", "x", "--json").stdout)
    asked(refusal)
    result = run("ask", "x", "--json")
    assert result.exit_code == 1
    refused = json.loads(result.stdout)
    assert list(refused) == list(answered)
    assert (refused["answered"], refused["outcome"]) == (False, "refused")
    assert refused["closest"] == []
    assert refused["sentences"] == []
    assert refused["nearest"] == ["a \x1b[31mnote", "b"]


def test_a_doubt_shows_the_closest_quotes_and_why(run: Run, asked: Ask, unsure: Unsure) -> None:
    asked(unsure)
    result = run("ask", "When was LoRA made?")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[:2] == ["The library may say this:", ""]
    assert lines[2].startswith("[1] ")
    assert lines[2].endswith("lora.md:5")
    assert "LoRA › Why two matrices" in lines[3]
    assert f"  {unsure.closest[0].passage.id}:" in lines[3]
    assert lines[4:6] == ["    “LoRA trains two small matrices.”", ""]
    assert lines[6].endswith("dora.md:3")
    assert lines[8:10] == ["    “DoRA splits a weight into magnitude and direction.”", ""]
    assert lines[10] == "In doubt, because it says nothing of 2022."
    assert lines[-1] == "extractive · 0.2 s"
    assert "does not answer" not in result.stdout
    assert result.stderr == ""


def test_a_doubt_says_what_was_worn_left_out_and_has_changed(
    run: Run, asked: Ask, unsure: Unsure
) -> None:
    changed = replace(unsure.closest[0], changed="no longer on disk")
    adapter = WornAdapter("notes.safetensors", 0.5, "0" * 64, ("an item",))
    asked(replace(unsure, closest=(changed,), worn=(adapter,), unsupported=2))
    text = run("ask", "When?", "--as-of", "2026-01-02T10:00").stdout
    assert "    this source has changed: no longer on disk\n" in text
    assert "as of 2026-01-02 10:00 · extractive" in text
    assert "wore notes.safetensors at strength 0.5\n  it is stale: an item" in text
    assert "2 sentences left out: not supported" in text


def test_a_doubt_in_json_has_the_same_keys(
    run: Run, asked: Ask, answer: Answer, unsure: Unsure, notes: Path
) -> None:
    asked(answer)
    answered = json.loads(run("ask", "x", "--json").stdout)
    assert (answered["outcome"], answered["closest"]) == ("answered", [])
    asked(unsure)
    result = run("ask", "x", "--json")
    assert result.exit_code == 3
    doubted = json.loads(result.stdout)
    assert list(doubted) == list(answered)
    assert (doubted["answered"], doubted["outcome"]) == (False, "unsure")
    assert doubted["reason"] == "it says nothing of 2022"
    assert doubted["sentences"] == doubted["nearest"] == []
    first, second = doubted["closest"]
    assert first["path"] == str(notes / "lora.md")
    assert first["quote"] == "LoRA trains two small matrices."
    assert list(second) == list(answered["sentences"][0]["citations"][0])


def test_strict_is_handed_on(run: Run, asked: Ask, refusal: Refusal) -> None:
    seen = asked(refusal)
    assert run("ask", "Where?", "--strict").exit_code == 1
    assert seen["strict"] is True


def test_an_empty_question_is_bad_usage(run: Run) -> None:
    assert run("ask", " ").exit_code == 2


def test_caution_sets_the_threshold(run: Run, asked: Ask, answer: Answer) -> None:
    seen = asked(answer)
    assert run("ask", "Why", "two?", "--caution", "highest").exit_code == 0
    assert seen["threshold"] == CAUTION["highest"] > THRESHOLD
    assert run("ask", "Why", "two?", "--caution", "none").exit_code == 2
