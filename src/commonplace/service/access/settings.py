"""The settings of one start of the service, and the limits that it keeps."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How one process serves.

    Attributes:
        library: the folder of the library that is served where no token names another.
        host: the address to bind to.
        port: the port to bind to; 0 takes any that is free.
        require_token: ask for a token at loopback too (behind a reverse proxy, say).
        no_token: that others may come by an allowed name without a token is meant.
        allowed_hosts: names besides its own that requests may be sent to.
        tokens: the file of tokens, or None for the user's own.
        models: language models that a request may name; see `Library.ask`.
        watched: folders that are kept current in `library`.
        rescan_seconds: how often watched folders are scanned for what the system did not report.
        look_seconds: how often it is checked whether the watched folders still are the same.
        plans: folders of capacity plans that the page shows.
        upload_bytes: the largest upload; `body_bytes` is the largest body of any other request.
        silence_seconds: how long a client may send nothing of a body that it has begun.
        searches_at_once, answers_at_once: how many run at once in each library; others wait.
        wear, force_wear: adapters that these models wear; see `Library.ask`.
        vectors: whether to encode what is added; without vectors it is found by its words alone.
    """

    library: Path
    host: str = "127.0.0.1"
    port: int = 8765
    require_token: bool = False
    no_token: bool = False
    allowed_hosts: tuple[str, ...] = ()
    tokens: Path | None = None
    models: tuple[str, ...] = ()
    watched: tuple[Path, ...] = ()
    rescan_seconds: float = 600.0
    look_seconds: float = 2.0
    plans: tuple[Path, ...] = ()
    upload_bytes: int = 100 * _MEGABYTE
    body_bytes: int = _MEGABYTE
    silence_seconds: float = 30.0
    searches_at_once: int = 2
    answers_at_once: int = 2
    vectors: bool = True
    wear: tuple[str, ...] = ()
    force_wear: bool = False

    @property
    def wants_token(self) -> bool:
        """Whether a request must bring a token."""
        return self.require_token or not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether an address or name can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
