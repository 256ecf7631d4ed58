"""Tokens: only hashes are kept, names are names, and a removed one stops working."""

from pathlib import Path

import pytest

from commonplace import InputError, LibraryError
from commonplace.service import add_token, read_tokens, remove_token
from commonplace.service.access.tokens import find_token


def test_a_secret_finds_its_token_and_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "tokens.json"
    secret = add_token(file, "anna", "read", tmp_path)
    other = add_token(file, "bert", "write", tmp_path)
    found = find_token(file, secret)
    assert found is not None
    assert (found.name, found.role, found.library) == ("anna", "read", str(tmp_path))
    assert not found.may_write
    assert secret != other
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    for wrong in ("", "cp_", secret[:-1], secret + "x", "\ud800"):
        assert find_token(file, wrong) is None


def test_a_removed_token_stops_working(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    secret = add_token(file, "anna", "read", tmp_path)
    remove_token(file, "anna")
    assert find_token(file, secret) is None
    assert read_tokens(file) == []
    with pytest.raises(InputError, match="no token 'anna'"):
        remove_token(file, "anna")


@pytest.mark.parametrize("name", ["", "a b", "../x", "-", "x" * 65, "a\nb"])
def test_a_strange_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="no name for a token"):
        add_token(tmp_path / "tokens.json", name, "read", tmp_path)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    add_token(tmp_path / "tokens.json", "anna", "read", tmp_path)
    with pytest.raises(InputError, match="already"):
        add_token(tmp_path / "tokens.json", "anna", "write", tmp_path)


@pytest.mark.parametrize("text", ["", "{}", '{"tokens": [{}]}', "[1]"])
def test_a_damaged_file_is_said_to_be(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokens.json").write_text(text)
    with pytest.raises(LibraryError, match="holds no tokens"):
        read_tokens(tmp_path / "tokens.json")
