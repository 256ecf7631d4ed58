"""Tokens: who may use a library over the network, and how. The file holds their hashes alone.

A token is 256 random bits, so its SHA-256 tells nobody what it is; a slow hash, which passwords
need because they can be guessed, would only make every request slow.

    secret = add_token(file, "anna", "read", library)
    find_token(file, secret).name    # "anna"
"""

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock

from commonplace.foundation import InputError, LibraryError, write_atomically

Role = Literal["read", "write"]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_PREFIX: Final = "cp_"  # so that a leaked one is recognised, by people and by scanners


@dataclass(frozen=True, slots=True)
class Token:
    """Who may use which library, and how; `sha256` is the hash of the secret."""

    name: str
    role: Role
    library: str
    sha256: str
    added_at: str

    @property
    def may_write(self) -> bool:
        """Whether it may add, remove and give feedback."""
        return self.role == "write"


def default_tokens() -> Path:
    """The user's own file of tokens."""
    import platformdirs

    return Path(platformdirs.user_config_dir("commonplace", appauthor=False)) / "tokens.json"


def read_tokens(file: Path) -> list[Token]:
    """All tokens, in the order in which they were added.

    Raises:
        LibraryError: the file is not one of tokens.
    """
    try:
        return [Token(**record) for record in json.loads(file.read_bytes())["tokens"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LibraryError(f"{file} holds no tokens; mend or remove it ({error})") from error


def add_token(file: Path, name: str, role: Role, library: Path) -> str:
    """Make a token; returns the secret, which is kept nowhere.

    Raises:
        InputError: the name is taken, or is no name.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name for a token; use letters, digits and . _ @ -")
    secret = _PREFIX + secrets.token_urlsafe(32)
    with _changing(file):
        tokens = read_tokens(file)
        if any(token.name == name for token in tokens):
            raise InputError(f"there is a token {name!r} already; remove it first")
        at = datetime.now(UTC).isoformat(timespec="seconds")
        _write(file, [*tokens, Token(name, role, str(library.absolute()), _hash(secret), at)])
    return secret


def remove_token(file: Path, name: str) -> Token:
    """Take a token back; it stops working at once.

    Raises:
        InputError: there is none of this name.
    """
    with _changing(file):
        tokens = read_tokens(file)
        for token in tokens:
            if token.name == name:
                _write(file, [other for other in tokens if other is not token])
                return token
    raise InputError(f"there is no token {name!r}; `commonplace token list` names them")


def find_token(file: Path, secret: str) -> Token | None:
    """The token of this secret; every hash is compared, so that the time says nothing of it."""
    sha256, match = _hash(secret), None
    for token in read_tokens(file):
        if hmac.compare_digest(token.sha256, sha256):
            match = token
    return match


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _write(file: Path, tokens: list[Token]) -> None:
    record = {"tokens": [asdict(token) for token in tokens]}
    write_atomically(file, json.dumps(record, indent=2).encode())


def _changing(file: Path) -> FileLock:
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file.with_suffix(".lock"))
