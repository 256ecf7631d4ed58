"""Search, answers, sources, feedback and the log over HTTP."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonplace import Library, Refusal
from commonplace.answers import Step
from commonplace.foundation import append_record
from commonplace.library import Question
from outcomes import account, make_unsure
from service_running import Running, serving

QUESTION = "Why does LoRA use two matrices?"
CLOSEST = ("LoRA trains two small matrices.", "Okapi BM25 ranks passages by the rare words")


def read_events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        if block:
            name, data = block.split("\n", 1)
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_search_finds_and_its_hit_is_shown_in_its_place(service: Running, notes: Path) -> None:
    (hit, *_) = service.json("/api/search", q="low-rank update", profile="bm25")["hits"]
    shown = service.json(f"/api/passages/{hit['id']}", around=5000)
    whole = (notes / "lora.md").read_text(encoding="utf-8")
    assert shown["before"] + shown["words"] + shown["after"] == whole
    assert shown["words"] == hit["text"]
    part = service.json(f"/api/passages/{hit['id']}:4-12", around=0)
    assert (part["words"], part["before"]) == (hit["text"][4:12], "")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, True),
        ({"kind": "markdown"}, True),
        ({"kind": "pdf"}, False),
        ({"kind": ["pdf", "markdown"]}, True),
        ({"until": "2020-01-01T00:00:00Z"}, False),
        ({"since": "2020-01-01T00:00:00Z"}, True),
    ],
)
def test_filters_choose_a_part(service: Running, chosen: dict[str, Any], found: bool) -> None:
    hits = service.json("/api/search", q="low-rank", profile="bm25", **chosen)["hits"]
    assert bool(hits) is found


def test_a_folder_is_a_filter(service: Running, notes: Path) -> None:
    search = {"q": "rank passages matrices", "profile": "bm25"}
    (hit,) = service.json("/api/search", **search, **{"in": str(notes / "deep")})["hits"]
    assert hit["path"].endswith("bm25.txt")


def test_an_explanation_adds_up(service: Running) -> None:
    (hit, *_) = service.json("/api/search", q="low-rank update", profile="bm25")["hits"]
    asked = {"q": "low-rank update", "citation": hit["id"], "profile": "bm25"}
    explained = service.json("/api/explain", **asked)
    parts = explained["hit"]["explanation"]["contributions"]
    assert explained["rank"] == 1
    assert sum(value for _, value in parts) == pytest.approx(explained["hit"]["score"], abs=1e-5)


def test_feedback_is_given_listed_and_taken_back(service: Running) -> None:
    (hit, *_) = service.json("/api/search", q="low-rank update", profile="bm25")["hits"]
    given = {"query": "low-rank", "citation": hit["id"], "verdict": "up", "rank": 1}
    (record,) = service.client.post("/api/feedback", json=given).json()["records"]
    assert service.json("/api/feedback")["records"][0]["verdict"] == "up"
    gone = service.client.delete(f"/api/feedback/{record['id']}")
    assert gone.json()["records"][0]["id"] == record["id"]
    assert service.json("/api/feedback")["records"] == []


@pytest.mark.weights
def test_an_answer_arrives_sentence_by_sentence(reader: Running) -> None:
    asked = {"question": QUESTION}
    events = read_events(reader.client.post("/api/ask/stream", json=asked).text)
    names = [name for name, _ in events]
    assert names[0] == "retrieved"
    assert names[-1] == "answer"
    sentences = [record for name, record in events if name == "sentence"]
    assert names[1:-1] == ["sentence"] * len(sentences)
    whole = events[-1][1]
    assert whole["sentences"] == sentences
    citation = sentences[0]["citations"][0]
    shown = reader.json(f"/api/passages/{citation['id']}")
    assert shown["words"] == citation["quote"]
    assert citation["quote"] in citation["passage"]
    plain = reader.client.post("/api/ask", json=asked).json()
    assert plain["sentences"] == sentences


@pytest.mark.weights
def test_a_refusal_shows_no_references(reader: Running) -> None:
    asked = {"question": "Which tokenizer does Whisper use?"}
    events = read_events(reader.client.post("/api/ask/stream", json=asked).text)
    assert [name for name, _ in events] == ["retrieved", "refusal"]
    refusal = events[-1][1]
    assert refusal["sentences"] == []
    assert refusal["reason"]
    assert refusal["nearest"]
    why = refusal["why"]
    assert why["confidence"] < why["threshold"]
    added = why["start"] + sum(reason["adds"] for reason in why["reasons"])
    assert 1 / (1 + math.exp(-added)) == pytest.approx(why["confidence"], abs=1e-9)


def test_a_doubt_ends_with_its_closest_quotes(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    asked = {"question": "When was LoRA made?"}
    events = read_events(service.client.post("/api/ask/stream", json=asked).text)
    assert [name for name, _ in events] == ["retrieved", "unsure"]
    doubt = events[-1][1]
    assert (doubt["answered"], doubt["outcome"]) == (False, "unsure")
    assert doubt["reason"] == "it says nothing of 2022"
    assert doubt["sentences"] == doubt["nearest"] == []
    assert [citation["quote"] for citation in doubt["closest"]] == list(CLOSEST)
    for citation in doubt["closest"]:
        assert service.json(f"/api/passages/{citation['id']}")["words"] == citation["quote"]
    plain = service.client.post("/api/ask", json=asked).json()
    assert (plain["outcome"], plain["closest"]) == ("unsure", doubt["closest"])


def test_strictly_is_handed_on(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    strict: list[bool] = []

    def asking(self: Library, question: Question) -> Iterator[Step]:
        strict.append(question.strict)
        yield Refusal("no", (), **account(question.text, 0.2))

    monkeypatch.setattr(Library, "asking", asking)
    for asked in ({"question": "x", "strict": True}, {"question": "x"}):
        assert service.client.post("/api/ask", json=asked).json()["outcome"] == "refused"
    assert strict == [True, False]


def test_a_doubt_is_compared_with_the_outcome_before(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_unsure(monkeypatch, CLOSEST, "it says nothing of 2022")
    then = "2026-01-02T12:00:00+00:00"
    record = {"at": then, "verb": "ask", "query": "x", "passages": [], "answered": True}
    file = service.settings.library / "log" / "log.jsonl"
    append_record(file, {**record, "sentences": ["It was in 2021."], "reader": "extractive"})
    asked = {"question": "x", "against": then}
    comparison = service.client.post("/api/ask", json=asked).json()["comparison"]
    assert (comparison["changed"], comparison["outcome"]) == (True, "answered")
    assert comparison["then"] == ["It was in 2021."]


@pytest.mark.weights
def test_a_pdf_is_shown_as_its_page(reader: Running) -> None:
    asked = {"question": "Why does latent diffusion work in latent space?"}
    answer = reader.client.post("/api/ask", json=asked).json()
    citation = answer["sentences"][0]["citations"][0]
    assert citation["locator"]["type"] == "page"
    assert reader.json(f"/api/passages/{citation['id']}")["picture"]
    page = reader.client.get(f"/api/passages/{citation['id']}/page")
    assert page.headers["content-type"] == "image/png"
    assert page.content.startswith(b"\x89PNG")
    text = reader.json("/api/search", q="LoRA")["hits"][0]["id"]
    assert reader.client.get(f"/api/passages/{text}/page").status_code == 400


@pytest.mark.weights
def test_an_answer_is_compared_with_the_one_before(tmp_path: Path) -> None:
    note = tmp_path / "zebra.md"
    note.write_text("# Zebra\n\nThe zebra of the town is called Bertha.\n", encoding="utf-8")
    library = Library.open(tmp_path / "library")
    library.add(note)
    with serving(library.folder, vectors=True) as service:

        def ask(**more: Any) -> Any:
            asked = {"question": "What is the zebra of the town called?", "caution": "low"}
            return service.client.post("/api/ask", json={**asked, **more}).json()

        assert "Bertha" in ask()["sentences"][0]["text"]
        then = service.json("/api/log")["records"][0]["at"]
        assert ask(against=then)["comparison"] == {
            "at": then,
            "changed": False,
            "outcome": "answered",
            "then": ["The zebra of the town is called Bertha."],
            "reasons": [],
        }
        note.write_text("# Zebra\n\nThe zebra of the town is called Wilma.\n", encoding="utf-8")
        job = service.client.post("/api/files/read", json={"path": str(note)}).json()
        service.ended(job["id"])
        now = ask(against=then)
        assert "Wilma" in now["sentences"][0]["text"]
        assert now["comparison"]["changed"]
        assert any("zebra.md changed" in reason for reason in now["comparison"]["reasons"])
        assert ask(against="2020")["error"]["message"].startswith("the log holds no question")


@pytest.mark.slow
@pytest.mark.weights
def test_a_model_that_the_server_offers_writes(sample: tuple[Path, Path]) -> None:
    offered = ("SmolLM2-135M-Instruct",)
    with serving(sample[0], vectors=True, models=offered) as service:
        assert service.json("/api/me")["models"] == list(offered)
        names = [model["id"] for model in service.json("/v1/models")["data"]]
        assert names == ["commonplace", "commonplace/SmolLM2-135M-Instruct"]
        asked = {"question": QUESTION, "model": offered[0]}
        answer = service.client.post("/api/ask", json=asked).json()
    assert "SmolLM2-135M-Instruct" in answer["reader"]
    assert answer["speculation"]["tokens"] > 0
    assert answer["speculation"]["off"]


def test_errors_are_one_sentence(service: Running) -> None:
    client = service.client
    wrong = {
        400: client.get("/api/passages/0000ffff"),
        404: client.get("/api/nothing"),
        405: client.put("/api/search"),
        422: client.get("/api/search", params={"q": "x", "limit": 0}),
    }
    for status, response in wrong.items():
        assert response.status_code == status
        error = response.json()["error"]
        assert error["message"]
        assert "\n" not in error["message"]
    unknown = client.post("/api/ask", json={"question": "x", "questoin": "y"})
    assert "questoin" in unknown.json()["error"]["message"]
