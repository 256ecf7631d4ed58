"""Zip archives as hostile input: what they unpack to is counted while it is read.

The sizes that an archive states are not believed. Nothing is written to disk and no archive inside
an archive is opened, so a member's name is only ever a name.
"""

import io
import zipfile
import zlib
from typing import Final

from lxml import etree

from commonplace.corpus._types import Limits
from commonplace.foundation import UnreadableError

_CHUNK: Final = 1 << 16  # bytes unpacked between two looks at the limits
_HARMLESS: Final = 1 << 20  # bytes that may be unpacked whatever the ratio
_MOST_MEMBERS: Final = 20_000


class BombError(UnreadableError):
    """What an archive unpacks to goes beyond the limits."""


class Archive:
    """A zip archive in memory; `read` refuses what goes beyond the limits."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self.names = frozenset(self._zip.namelist())
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise UnreadableError(f"broken or truncated archive ({error})") from None
        if len(self.names) > _MOST_MEMBERS:
            raise UnreadableError(f"the archive holds {len(self.names):,} files, which is too many")
        self._packed, self._limits, self._unpacked = len(data), limits, 0

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            BombError: with it, the archive unpacks to too much.
            UnreadableError: it is not there, encrypted or damaged.
        """
        try:
            with self._zip.open(name) as member:
                chunks = []
                while chunk := member.read(_CHUNK):
                    self._count(len(chunk))
                    chunks.append(chunk)
                return b"".join(chunks)
        except KeyError:
            raise UnreadableError(f"the archive has no {name}") from None
        except RuntimeError:  # what zipfile raises where a password is needed
            raise UnreadableError("encrypted archive; save a copy without its password") from None
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            raise UnreadableError(f"{name} is damaged ({error})") from None

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > self._limits.unpacked_bytes:
            most = self._limits.unpacked_bytes / 1024**2
            raise BombError(f"unpacks to more than {most:,.0f} MiB; not read (a zip bomb?)")
        ratio = self._limits.unpacked_ratio
        if self._unpacked > max(_HARMLESS, ratio * self._packed):
            raise BombError(f"unpacks to more than {ratio} times its size (a zip bomb?)")


def xml(data: bytes, what: str) -> etree._Element:
    """The tree of an XML member: no entities, no network, no recovery of what is not XML.

    Raises:
        UnreadableError: it is not well-formed, or nested too deeply.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"{what} is damaged ({error})") from None
    if root is None:
        raise UnreadableError(f"{what} is empty")
    return root


def text_of(root: etree._Element, name: str) -> str:
    """The text of the first element with this name in any namespace; "" if there is none."""
    for element in root.iter(f"{{*}}{name}", name):
        if text := " ".join((element.text or "").split()):
            return str(text)
    return ""
