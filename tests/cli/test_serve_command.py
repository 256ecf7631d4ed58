"""`serve`, `token` and `mcp` on the command line; what they serve is tested in tests/service."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from commonplace.service import read_tokens
from patience import PATIENCE

Run = Callable[..., Result]


@pytest.fixture
def tokens(tmp_path: Path) -> tuple[str, str]:
    return "--tokens", str(tmp_path / "tokens.json")


def test_tokens_are_made_listed_and_taken_back(run: Run, tokens: tuple[str, str]) -> None:
    made = run("token", "add", "anna", "--role", "read", *tokens)
    assert made.exit_code == 0
    secret = made.stdout.split()[0]
    assert secret.startswith("cp_")
    assert "anna may read" in made.stdout
    listed = run("token", "list", *tokens).stdout
    assert "anna" in listed
    assert secret not in listed
    assert run("token", "remove", "anna", *tokens).exit_code == 0
    assert read_tokens(Path(tokens[1])) == []
    assert "there are no tokens" in run("token", "list", *tokens).stdout


def test_a_token_that_is_not_there_is_said(run: Run, tokens: tuple[str, str]) -> None:
    gone = run("token", "remove", "anna", *tokens)
    assert gone.exit_code == 2
    assert "no token 'anna'" in gone.stderr


def test_an_address_that_is_taken_is_said(run: Run, tokens: tuple[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = run("serve", "--port", port, *tokens)
    assert found.exit_code == 2
    assert f"cannot serve at 127.0.0.1:{port}" in found.stderr
    assert "--port takes another" in found.stderr


THREADS = """
import sys
from commonplace.cli import main
from threadpoolctl import threadpool_info
sys.argv[0] = "commonplace"
try:
    main()
except SystemExit:
    pass
print({one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"})
"""


def test_a_search_of_a_service_is_worked_on_by_one_core(
    tmp_path: Path, tokens: tuple[str, str]
) -> None:
    """Products that share all cores with those of other searches wait for each other."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        asked = ["serve", "--port", str(taken.getsockname()[1]), *tokens]
        command = [sys.executable, "-c", THREADS, *asked, "--library", str(tmp_path / "library")]
        kept = {name: value for name, value in os.environ.items() if "THREADS" not in name}
        found = subprocess.run(command, capture_output=True, text=True, env=kept, timeout=PATIENCE)
    assert found.stdout.splitlines()[-1:] == ["{1}"], found.stderr


@pytest.mark.parametrize(("verb", "module"), [("serve", "fastapi"), ("mcp", "mcp")])
def test_what_is_not_installed_is_said(
    run: Run, verb: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str, *more: Any) -> Any:
        return None if name == module else find_spec(name, *more)

    monkeypatch.setattr("importlib.util.find_spec", find)
    found = run(verb)
    assert found.exit_code == 2
    assert "pip install 'commonplace[serve]'" in found.stderr
