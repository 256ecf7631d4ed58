"""Every parameter of every endpoint and tool that takes text, tried with paths that lead outside.

Which they are is read from the service's own description, so that a new one is tried by itself.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from commonplace import InputError, Library
from mcp_client import over_http
from service_running import Running

SECRET = "the okapi is called Xyzzy"
METHODS = ("get", "post", "put", "delete", "patch")


@pytest.fixture
def outside(service: Running, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ways to name a file beside the library. Nothing is answered, so that it needs no weights."""
    secret = service.settings.library.parent / "secret.md"
    secret.write_text(f"# Secret\n\nSo {SECRET}.\n", encoding="utf-8")

    def asking(*_: Any, **__: Any) -> NoReturn:
        raise InputError("it is not asked here")

    monkeypatch.setattr(Library, "asking", asking)
    ways = [str(secret), secret.as_uri(), "../secret.md", "../../secret.md", "..%2fsecret.md"]
    return [*ways, "uploads/../../secret.md", "..\\secret.md", f"{secret}\0.md"]


def files_beside(library: Path) -> set[str]:
    beside = [path for path in library.parent.rglob("*") if library not in path.parents]
    return {str(path) for path in beside if path.is_file()}


def with_one(schema: Any, known: Any, text: str) -> Iterator[Any]:
    """Values of a JSON schema, each with `text` in one of its places for text."""
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    for part in schema.get("anyOf", ()):
        yield from with_one(part, known, text)
    kind = schema.get("type")
    if kind == "string":
        yield text
    elif kind == "array":
        yield from ([value] for value in with_one(schema["items"], known, text))
    elif kind == "object":
        needed = {
            name: next(with_one(schema["properties"][name], known, "x"), 1)
            for name in schema.get("required", ())
        }
        for name, part in schema.get("properties", {}).items():
            yield from (needed | {name: value} for value in with_one(part, known, text))


def requests(description: Any, text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, what httpx sends besides) of every endpoint, one parameter bent at a time."""
    schemas = description["components"]["schemas"]
    for path, endpoints in description["paths"].items():
        for method in METHODS & endpoints.keys():
            operation = endpoints[method]
            parameters = operation.get("parameters", [])
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            plain = {one["name"]: "x" for one in parameters if one.get("required")}
            for one in parameters:
                for value in with_one(one["schema"], schemas, text):
                    given = plain | {one["name"]: value}
                    here = path
                    for each in parameters:
                        if each["in"] == "path":
                            here = here.replace(f"{{{each['name']}}}", str(given.pop(each["name"])))
                    more = {"json": next(with_one(body, schemas, "x"))} if body else {}
                    yield method, here, {"params": given, **more}
            if body:
                for value in with_one(body, schemas, text):
                    yield method, path, {"json": value}


def test_no_parameter_of_an_endpoint_leads_outside(service: Running, outside: list[str]) -> None:
    description = service.json("/openapi.json")
    before, tried = files_beside(service.settings.library), set[tuple[str, str]]()
    for text in outside:
        for method, path, sent in requests(description, text):
            if "\0" in path or path.endswith("/events"):
                continue  # httpx sends no such address
            response = service.client.request(method, path, **sent)
            assert response.status_code < 500, (method, path, sent, response.text)
            assert SECRET not in response.text, (method, path, sent)
            tried.add((method, path.replace(text, "")))
            if response.status_code == 202:
                service.ended(response.json()["id"])
    assert {
        ("get", "/api/search"), ("post", "/api/ask"), ("get", "/api/passages/"),
        ("post", "/api/files"), ("delete", "/api/files"), ("post", "/v1/chat/completions"),
    } <= tried  # fmt: skip
    assert files_beside(service.settings.library) == before
    found = service.json("/api/search", q="okapi called Xyzzy", profile="bm25")["hits"]
    assert not any(SECRET in hit["text"] for hit in found)
    uploads = service.settings.library / "uploads"
    assert {file.parent for file in uploads.rglob("*")} == {uploads}


def test_no_argument_of_a_tool_leads_outside(service: Running, outside: list[str]) -> None:
    before, tried = files_beside(service.settings.library), set[tuple[str, str]]()

    async def job() -> None:
        async with over_http(service) as client:
            for tool in (await client.list_tools()).tools:
                schema = tool.input_schema
                for text in outside:
                    for arguments in with_one(schema, schema.get("$defs", {}), text):
                        result = await client.call_tool(tool.name, arguments)
                        assert SECRET not in str(result.content), (tool.name, arguments)
                        tried.update((tool.name, name) for name in arguments)

    asyncio.run(asyncio.wait_for(job(), 120))
    assert {("search", "paths"), ("show", "citation"), ("add", "name")} <= tried
    assert files_beside(service.settings.library) == before
    found = service.json("/api/search", q="okapi called Xyzzy", profile="bm25")["hits"]
    assert not any(SECRET in hit["text"] for hit in found)
