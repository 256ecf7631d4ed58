"""The program as a whole: help, errors as sentences, exit codes, quiet pipes."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import Result

from commonplace import Library, LibraryError
from commonplace.cli import program
from commonplace.cli.arguments.options import PROFILES
from commonplace.cli.arguments.verb import Verb
from commonplace.retrieval import Profile
from patience import PATIENCE

Run = Callable[..., Result]
Shell = Callable[..., "subprocess.CompletedProcess[bytes]"]


def verbs() -> list[Verb]:
    context = click.Context(program)
    found = [program.get_command(context, name) for name in program.list_commands(context)]
    return [command for command in found if isinstance(command, Verb)]


def test_help_names_every_verb_and_each_has_an_example(run: Run) -> None:
    text = run("--help").output
    for command in verbs():
        assert f"  {command.name} " in text
        assert command.examples
        helped = run(str(command.name), "--help")
        assert helped.exit_code == 0
        assert all(example in helped.output for example in command.examples)


def test_every_example_parses() -> None:
    for command in verbs():
        for example in command.examples:
            words = shlex.split(example)[2:]
            parsed = command.make_context("x", words).params
            assert parsed or not any(param.expose_value for param in command.params)


def test_version(run: Run) -> None:
    result = run("--version")
    assert re.fullmatch(r"commonplace \d+\.\d+\.\d+\S*\n", result.output)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["search", "--help"], ["ask"]])
def test_nothing_heavy_is_imported_for_help(words: list[str]) -> None:
    code = (
        "import sys\nfrom commonplace.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "print(sorted({'lance', 'numpy', 'pyarrow', 'rich', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_search_imports_neither_torch_nor_rich(filled: tuple[Path, Path]) -> None:
    code = (
        "import sys\nfrom commonplace.cli import main\n"
        f"try: main(['--library', {str(filled[0])!r}, 'search', 'rank'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(sorted({'torch', 'rich', 'onnxruntime', 'pypdfium2', 'lxml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_choices_are_those_of_the_library() -> None:
    assert set(get_args(Profile)) == set(PROFILES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serch"], "No such command 'serch'; see `commonplace --help`"),
        (["search"], "Missing argument 'QUERY...'; see `commonplace search --help`"),
        (["search", "x", "--kind", "film"], "'film' is not one of"),
        (["search", "x", "-n", "0"], "0 is not in the range"),
        (["search", "  "], "the query is empty"),
        (["show", "zzzz"], "no passage has an id that starts with 'zzzz'"),
        (["remove", "/nowhere"], "the library knows nothing at /nowhere"),
        (["add", "/nowhere"], "/nowhere does not exist"),
        (["reading", "--mark-read", "https://nowhere.example"], "no item mentions"),
        (["--library", "", "status"], "it is empty"),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(run: Run, words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("commonplace: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_no_library_is_started_by_looking_for_one(run: Run, tmp_path: Path) -> None:
    result = run("--library", str(tmp_path / "none"), "search", "x")
    assert result.exit_code == 2
    assert "there is no library in" in result.stderr
    assert not (tmp_path / "none").exists()


def test_an_error_of_the_library_has_its_own_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OddError(LibraryError):
        exit_code = 9

    def fail(self: Library, *_: object, **__: object) -> None:
        raise OddError("it is\nodd \x1b[31m")

    monkeypatch.setattr(Library, "search", fail)
    result = run("search", "x")
    assert (result.exit_code, result.stderr) == (9, "commonplace: it is odd \ufffd[31m\n")


def test_a_bug_is_one_sentence_with_the_file_that_holds_the_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(self: Library, *_: object, **__: object) -> None:
        raise ZeroDivisionError("secret of the passage")

    monkeypatch.setattr(Library, "search", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = run("search", "x")
    assert result.exit_code == 70
    assert result.stderr.count("\n") == 1
    assert "this is a bug of ours (ZeroDivisionError)" in result.stderr
    assert "Traceback" not in result.output
    written = Path(result.stderr.rsplit(" ", 1)[1].strip()).read_text()
    assert "secret of the passage" in written
    assert "Traceback" in written


def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Library, *_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "search", stop)
    result = run("search", "x")
    assert (result.exit_code, result.stderr) == (130, "commonplace: stopped\n")


def test_a_reader_that_leaves_is_no_error(filled: tuple[Path, Path]) -> None:
    line = (
        f"{sys.executable} -m commonplace --library {filled[0]} status --json"
        " | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}"
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=PATIENCE, check=True)
    assert done.stderr == b""
    assert done.stdout in (b"141\n", b"0\n")


def test_a_closed_pipe_is_no_error(filled: tuple[Path, Path]) -> None:
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "commonplace", "--library", str(filled[0]), "status"]
    done = subprocess.run(
        words, stdout=write, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_terminal_that_knows_ascii_only(shell: Shell, notes: Path) -> None:
    done = shell("search", "low-rank update", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert b"LoRA > Why two matrices" in done.stdout
    assert done.stdout.isascii()


def test_a_query_in_bytes_that_are_no_text(shell: Shell) -> None:
    done = shell("search", os.fsdecode(b"caf\xe9 rank"), "--json")
    assert done.returncode in {0, 2}, done.stderr


def test_no_arguments_print_the_help(run: Run) -> None:
    result = run()
    assert "Usage: commonplace" in result.output
    assert result.exit_code == 2


def test_completion_of_the_shell() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from commonplace.cli import main; main()"],
        env={
            **os.environ,
            "_COMMONPLACE_COMPLETE": "bash_complete",
            "COMP_WORDS": "commonplace se",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout.split() == [b"plain,search", b"plain,serve"]
