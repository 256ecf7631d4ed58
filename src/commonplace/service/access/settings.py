"""What a start of the service chooses, and the limits that it holds."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process serves.

    Attributes:
        library: the folder of the library that is served where no token names another.
        host: the address to bind to; `port`: 0 takes any that is free.
        require_token: ask for a token at loopback too (behind a reverse proxy, say).
        allowed_hosts: names besides its own that requests may be sent to.
        tokens: the file of tokens; None: the user's own.
        models: language models that a request may name; see `Library.ask`.
        watched: folders that are kept current in `library`.
        plans: folders of capacity plans that the page shows.
        upload_bytes: the most of one upload; `body_bytes`: of any other request.
        silence_seconds: how long a client may send nothing of a body that it has begun.
        searches_at_once, answers_at_once: in each library; the others wait in line.
        wear: adapters that these models wear; `force_wear`: see `Library.ask`.
        vectors: whether to encode what is added; without, it is found by its words alone.
    """

    library: Path
    host: str = "127.0.0.1"
    port: int = 8765
    require_token: bool = False
    allowed_hosts: tuple[str, ...] = ()
    tokens: Path | None = None
    models: tuple[str, ...] = ()
    watched: tuple[Path, ...] = field(default=())
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
