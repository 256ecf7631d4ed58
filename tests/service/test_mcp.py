"""The official MCP client against the service, over HTTP and over standard input and output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client

from commonplace import Library
from commonplace.answers import Reply
from commonplace.service import add_token
from mcp_client import over_http
from outcomes import make_unsure, unsure_of
from service_running import Running, serving, write_notes


@asynccontextmanager
async def over_stdio(library: Path, *allowed: Path) -> AsyncIterator[Client]:
    arguments = ["-m", "commonplace", "mcp", "--library", str(library)]
    arguments += [word for folder in allowed for word in ("--allow", str(folder))]
    started = StdioServerParameters(
        command=sys.executable, args=arguments, env=dict(os.environ), cwd=str(library.parent)
    )
    async with Client(stdio_client(started)) as client:
        yield client


async def called(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return "".join(getattr(part, "text", "") for part in result.content)


def run(job: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(job(), 120))


async def all_tools(client: Client, passages_of: str) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert sorted(tools) == ["add", "ask", "remove", "search", "show", "status"]
    assert all(tool.description for tool in tools.values())
    hints = {name: tool.annotations for name, tool in tools.items() if tool.annotations}
    assert {name for name, hint in hints.items() if hint.destructive_hint} == {"remove"}
    assert {name for name, hint in hints.items() if hint.read_only_hint} == {
        "ask", "search", "show", "status",
    }  # fmt: skip
    found = await called(client, "search", query="low-rank update")
    assert found["hits"][0]["path"].endswith(passages_of)
    shown = await called(client, "show", citation=found["hits"][0]["id"], around=10)
    assert shown["words"] == found["hits"][0]["text"]
    await called(client, "add", name="okapi.md", text="# Okapi\n\nAn okapi has stripes.\n")
    found = await called(client, "search", query="okapi stripes", kinds=["markdown"])
    assert found["hits"][0]["path"].endswith("okapi.md")
    why = await refused(client, "search", query="x", paths=["/etc"])
    assert "the library holds nothing at /etc" in why
    why = await refused(client, "show", citation="ffffffff")
    assert "no passage has an id" in why
    assert "no argument 'bogus'" in await refused(client, "search", query="x", bogus=1)
    files = (await called(client, "status"))["files"]
    (okapi,) = [file["path"] for file in files if file["path"].endswith("okapi.md")]
    assert (await called(client, "remove", path=okapi))["state"] == "done"
    assert "holds nothing" in await refused(client, "status", path=okapi)


def test_the_tools_over_http(service: Running) -> None:
    async def job() -> None:
        async with over_http(service) as client:
            await all_tools(client, "lora.md")
            why = await refused(client, "add", path="/etc/passwd")
            assert "no argument 'path'" in why

    run(job)


@pytest.mark.slow
def test_the_tools_over_stdio(tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes")
    library = Library.open(tmp_path / "library")
    library.add(notes, vectors=False)

    async def job() -> None:
        async with over_stdio(library.folder, notes) as client:
            (tmp_path / "letter.md").write_text("A private letter.\n", encoding="utf-8")
            (notes / "link.md").symlink_to(tmp_path / "letter.md")
            for path in (tmp_path / "letter.md", notes / "link.md", notes / "../letter.md"):
                assert "--allow" in await refused(client, "add", path=str(path))
            (notes / "link.md").unlink()
            (notes / "new.md").write_text("# New\n\nA quagga.\n", encoding="utf-8")
            added = await called(client, "add", path=str(notes))
            assert any(line.startswith("added: ") for line in added["files"])
            await all_tools(client, "lora.md")

    run(job)


@pytest.mark.weights
def test_a_question_is_answered_with_its_sources(reader: Running) -> None:
    async def job() -> None:
        async with over_http(reader) as client:
            answer = await called(client, "ask", question="Why does LoRA use two matrices?")
            assert answer["answered"]
            assert answer["sentences"][0]["citations"][0]["path"].endswith("lora.md")
            refusal = await called(client, "ask", question="Which tokenizer does Whisper use?")
            assert not refusal["answered"]

    run(job)


def test_a_doubt_has_its_closest_quotes(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    make_unsure(monkeypatch, ("LoRA trains two small matrices.",), "it says nothing of 2022")

    async def job() -> None:
        async with over_http(service) as client:
            doubt = await called(client, "ask", question="When was LoRA made?")
            assert (doubt["answered"], doubt["outcome"]) == (False, "unsure")
            assert doubt["reason"] == "it says nothing of 2022"
            (citation,) = doubt["closest"]
            shown = await called(client, "show", citation=citation["id"])
            assert shown["words"] == citation["quote"] == "LoRA trains two small matrices."

    run(job)


def test_strict_it_is_never_unsure(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def ask(self: Library, question: str, *, strict: bool, **others: object) -> Reply:
        asked.append(strict)
        return unsure_of(self, question, (), reason="no")

    monkeypatch.setattr(Library, "ask", ask)

    async def job() -> None:
        async with over_http(service) as client:
            await called(client, "ask", question="When?")
            await called(client, "ask", question="When?", strict=True)

    run(job)
    assert asked == [False, True]


def test_a_token_says_which_library_and_what(tmp_path: Path) -> None:
    Library.open(tmp_path / "library").add(write_notes(tmp_path / "notes"), vectors=False)
    tokens = tmp_path / "tokens.json"
    reads = add_token(tokens, "anna", "read", tmp_path / "library")

    async def job() -> None:
        async with over_http(service, reads) as client:
            assert (await called(client, "search", query="low-rank"))["hits"]
            assert "may read" in await refused(client, "add", name="a.md", text="x")

    with serving(tmp_path / "library", require_token=True) as service:
        run(job)
        assert service.client.post("/mcp", json={}).status_code == 401
