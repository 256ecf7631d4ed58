"""Which files an `add` of a folder leaves out by their name, and why.

    rules_above(b"/repo/docs").entering(b"/repo/docs").reason(b"/repo/docs/.env", folder=False)

Left out are hidden files, files that hold secrets, what editors keep beside a file, and what a
`.gitignore`, `.git/info/exclude` or `.commonplaceignore` names; a deeper file decides before a
higher one, as in git (https://git-scm.com/docs/gitignore). What a user names is read all the same.
"""

import os
import re
from dataclasses import dataclass
from typing import Final, Self

from pathspec import GitIgnoreSpec

from commonplace.corpus._paths import shown_path

IGNORE_FILES: Final = (".gitignore", ".commonplaceignore")  # in one folder the last one decides
_LARGEST: Final = 1 << 20  # bytes of an ignore file that are read
_SECRET: Final = re.compile(
    r"""id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:[-_.].*)?
    |.*\.(?:pem|key|p8|p12|pfx|pkcs12|ppk|jks|keystore|kdbx?|gpg|env|keytab|ovpn|agilekeychain)
    |_?netrc|htpasswd|pgpass\.conf|known_hosts|authorized_keys|.*\.keychain(?:-db)?
    |(?:aws_)?credentials|passwords?(?:\.(?:txt|csv|json|xlsx?|ods))?
    |(?:credentials?|secrets?)(?:\.(?:json|ya?ml|toml|ini|cfg|conf|csv|properties|xml))?
    |(?:client_secret|service[-_]account).*\.json|.*\.tfstate(?:\.backup)?""",
    re.VERBOSE | re.IGNORECASE,
)
_BACKUP: Final = re.compile(
    r".+~|\#.+\#|~\$.+|~.+\.tmp|.+\.(?:bak|backup|orig|rej|sw[a-p]|tmp|temp|part|crdownload)"
    r"|thumbs\.db|desktop\.ini|icon\r",
    re.IGNORECASE,
)
# These may be read all the same if their user names them.
_HIDDEN: Final = "a hidden file is not read; add it by name to include it"
_SECRETS: Final = "a file of this name holds keys or passwords, so it is not read; add it by name"
_BACKUPS: Final = "an editor's backup, lock or temporary file is not read; add it by name"


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one ignore file: `folder` is what they are relative to."""

    folder: bytes
    file: bytes
    patterns: GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The ignore files that hold in a folder, the one that decides first at the end."""

    rules: tuple[Rules, ...] = ()

    def entering(self, folder: bytes) -> Self:
        """Those that hold in a folder of this one."""
        return type(self)(self.rules + _rules_in(folder))

    def reason(self, path: bytes, *, folder: bool) -> str:
        """Why a file or folder is left out; "" where it is not."""
        if not folder and (reason := _by_name(os.fsdecode(os.path.basename(path)))):
            return reason
        return self._ignored(path, folder)

    @staticmethod
    def is_by_name(reason: str) -> bool:
        """Whether a file is left out by its name alone, and by no ignore file."""
        return reason in {_HIDDEN, _SECRETS, _BACKUPS}

    def _ignored(self, path: bytes, folder: bool) -> str:
        for rules in reversed(self.rules):
            relative = os.fsdecode(os.path.relpath(path, rules.folder)) + "/" * folder
            result = rules.patterns.check_file(relative)
            if result.include is not None:
                where = f"{shown_path(rules.file)} leaves it out; add it by name to include it"
                return where if result.include else ""
        return ""


def rules_above(root: bytes) -> LeftOut:
    """What holds for a folder because of the repository that it is in.

    Where the repository leaves the whole folder out, its user named it all the same: nothing.
    """
    above = [root]
    while not os.path.exists(os.path.join(above[-1], b".git")):
        if (parent := os.path.dirname(above[-1])) == above[-1]:
            return LeftOut()
        above.append(parent)
    rules = LeftOut()
    for folder in reversed(above[1:]):
        rules = rules.entering(folder)
    return LeftOut() if rules.reason(root, folder=True) else rules


def _rules_in(folder: bytes) -> tuple[Rules, ...]:
    names = [b".git/info/exclude", *map(os.fsencode, IGNORE_FILES)]
    files = [os.path.join(folder, name) for name in names]
    read = [(file, _patterns(file)) for file in files]
    return tuple(Rules(folder, file, patterns) for file, patterns in read if patterns)


def _patterns(file: bytes) -> GitIgnoreSpec | None:
    """The patterns of an ignore file; None where there is none, or none that can be read."""
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as text:
            lines = text.read(_LARGEST).splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    """Whether a line is one that can be read: a broken one must not undo the others."""
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _by_name(name: str) -> str:
    if _BACKUP.fullmatch(name) or name.startswith((".#", ".~lock.")):
        return _BACKUPS
    if name.startswith("."):
        return _HIDDEN
    return _SECRETS if _SECRET.fullmatch(name) else ""
