"""What a language model in this process wears: adapters as GGUF files, beside it, not merged.

Notable: an adapter of our own (.safetensors) is written as a GGUF file once, into the user's cache,
by the content of both; torch is not needed for that. An adapter that was trained on another file
than the model's is refused unless forced; one for other names or sizes is refused always.

    commonplace ask "..." --wear notes.safetensors --wear style.gguf:0.5
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commonplace.foundation import InputError, display_path
from commonplace.models.files.gguf import Gguf, open_gguf
from commonplace.models.files.safetensors import Entry, read_header
from commonplace.models.weights.locate import cache_folder
from commonplace.models.worn._own_lora import OwnLora
from commonplace.models.worn.llama_names import EMBEDDING, open_base
from commonplace.models.worn.lora_gguf import BASE_NAME, RECORD, adapter_metadata, write_lora

_VERSION: Final = 1  # of what is in the cache; another one is written anew


@dataclass(frozen=True, slots=True)
class WornAdapter:
    """One adapter that a language model wears."""

    name: str  # the file's, without its folder and ending
    path: str
    strength: float
    sha256: str  # of the file
    trained_on: Mapping[str, str]  # content hashes by the library's item ids, as they were then
    unchecked: str  # why it is not known to be for this very model; "" where it is
    gguf: Path  # what llama.cpp is given


def parse_wear(spec: str | os.PathLike[str]) -> tuple[Path, float]:
    """A file, or FILE:STRENGTH, as its path and strength.

    Raises:
        InputError: there is no such file, or the strength is no number.
    """
    text = os.fspath(spec)
    file, colon, number = text.rpartition(":")
    if Path(text).expanduser().exists() or not colon:
        file, number = text, "1"
    path = Path(file).expanduser()
    if not path.exists():
        raise InputError(f"there is no adapter at {display_path(path)}")
    try:
        strength = float(number)
    except ValueError:
        strength = math.nan
    if not math.isfinite(strength):
        raise InputError(f"{number!r} is no strength; write {display_path(path)}:0.5, say")
    return path, strength


def is_gguf_adapter(path: Path) -> bool:
    """Whether a file is an adapter for llama.cpp, as its header says; a broken one is not."""
    try:
        return open_gguf(path).text("general.type") == "adapter"
    except InputError:
        return False


def worn_adapters(
    wear: Sequence[str | os.PathLike[str]],
    model: Path,
    name: str,
    *,
    sha256: str = "",
    force: bool = False,
) -> tuple[WornAdapter, ...]:
    """Open what a model is to wear, each adapter as a GGUF file.

    Args:
        wear: files, with strengths if not 1: "notes.safetensors", "style.gguf:0.5".
        model: the model's GGUF file.
        name: what the model is called.
        sha256: of the model's file, where it is known; else it is taken when it is needed.
        force: wear what was trained on another model of the same names and sizes too.

    Raises:
        InputError: an adapter is missing, broken, of another kind than low rank, or for another
            model; or the cache cannot be written.
    """
    wearer = _WearingModel(open_gguf(model), name, sha256, force)
    return tuple(wearer.wear(*parse_wear(spec)) for spec in wear)


class _WearingModel:
    """A model, as far as it matters for what it wears."""

    def __init__(self, gguf: Gguf, name: str, sha256: str, force: bool) -> None:
        self.gguf, self.force = gguf, force
        self.names = [name, gguf.text("general.name"), gguf.path.stem]
        self._sha256 = sha256

    def wear(self, path: Path, strength: float) -> WornAdapter:
        if path.suffix.lower() == ".gguf":
            return self._wear_gguf(path, strength)
        _require_file(path)
        metadata, entries = read_header(path)
        record = _record(metadata.get(RECORD, ""), path)
        unchecked = self._check_base(path, record)
        digest = _sha256(path)
        target = self._cache_path(digest)
        if not _is_complete(target):
            self._convert(
                path, entries, record=record, text=metadata.get(RECORD, ""), target=target
            )
        return _worn_adapter(
            path, strength, sha256=digest, record=record, unchecked=unchecked, gguf=target
        )

    def _wear_gguf(self, path: Path, strength: float) -> WornAdapter:
        """An adapter that is a GGUF file already."""
        gguf = open_gguf(path)
        kind = gguf.text("general.type") or "model"
        if kind != "adapter":
            raise InputError(f"{display_path(path)} is a {kind}, no adapter; --model names a model")
        for_kind, kind = (file.text("general.architecture") for file in (gguf, self.gguf))
        if for_kind != kind:
            raise InputError(
                f"{display_path(path)} is for a {for_kind}, {self.names[0]} is a {kind}"
            )
        self._check_tensors(gguf)
        record = _record(gguf.text(RECORD), path) or {"base": gguf.text(BASE_NAME)}
        unchecked = self._check_base(path, record)
        return _worn_adapter(
            path, strength, sha256=_sha256(path), record=record, unchecked=unchecked, gguf=path
        )

    def _check_tensors(self, gguf: Gguf) -> None:
        """Refuse what llama.cpp would leave out silently, or end the whole process on."""
        tied = "output.weight" not in self.gguf.tensors
        for name, entry in gguf.tensors.items():
            tensor = name.removesuffix(".lora_a").removesuffix(".lora_b")
            place = self.gguf.tensors.get(tensor)
            reason = ""
            if tensor == name or place is None:
                reason = "is none of its weights' pairs"
            elif tensor == EMBEDDING and tied:
                reason = "is its output layer's table too, which llama.cpp cannot wear a change of"
            elif not _fits(name, entry.shape, place.shape):
                reason = f"{list(entry.shape)} does not fit {list(place.shape)}"
            if reason:
                raise InputError(
                    f"{display_path(gguf.path)} is not for {self.names[0]}: {name} {reason}"
                )

    def _check_base(self, path: Path, record: Mapping[str, Any]) -> str:
        """Why it is not known to be for this very model.

        Raises:
            InputError: it is known to be for another one, and it is not forced.
        """
        digest, base = str(record.get("base_sha256", "")), str(record.get("base", ""))
        if digest:
            self._sha256 = self._sha256 or _sha256(self.gguf.path)
            if digest == self._sha256:
                return ""
            reason = f"was trained on another file of {base or 'a model'} than {self.names[0]} has"
        elif base:
            if any(_same_model(base, name) for name in self.names if name):
                return f"its base is {base} by name; no file of that is recorded"
            reason = f"was trained on {base}, not on {self.names[0]}"
        else:
            return "it does not say which model it was trained on; its names and sizes fit"
        if not self.force:
            raise InputError(f"{display_path(path)} {reason}; --force-wear wears it all the same")
        return f"it {reason}"

    def _cache_path(self, digest: str) -> Path:
        """Where the converted file lies in the cache, by all that it depends on."""
        # Rows are turned by the numbers of heads; sizes and the architecture decide the rest.
        head_counts = {k: v for k, v in self.gguf.metadata.items() if ".attention.head_count" in k}
        sizes = [(name, tensor.shape) for name, tensor in self.gguf.tensors.items()]
        architecture = self.gguf.text("general.architecture")
        facts = json.dumps([_VERSION, digest, architecture, head_counts, sizes])
        key = hashlib.sha256(facts.encode()).hexdigest()
        return cache_folder().with_name("adapters") / f"{key[:32]}.gguf"

    def _convert(
        self,
        path: Path,
        entries: Mapping[str, Entry],
        *,
        record: Mapping[str, Any],
        text: str,
        target: Path,
    ) -> None:
        """Write the adapter as a GGUF file into the cache; `text` is its record as it stands."""
        base = open_base(self.gguf.path)
        layers = OwnLora(path, entries, record)
        title, base_name = str(record.get("title") or path.stem), str(record.get("base", ""))
        header = adapter_metadata(title, base_name, text)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{display_path(target.parent)} cannot be made: {error.strerror}; set "
                "XDG_CACHE_HOME to a folder that can be written to"
            ) from error
        write_lora(target, layers, scales=layers.scales(), base=base, metadata=header)


def _worn_adapter(
    path: Path,
    strength: float,
    *,
    sha256: str,
    record: Mapping[str, Any],
    unchecked: str,
    gguf: Path,
) -> WornAdapter:
    items = {str(item["id"]): str(item["sha256"]) for item in record.get("trained_on") or ()}
    return WornAdapter(
        name=path.stem,
        path=display_path(path),
        strength=strength,
        sha256=sha256,
        trained_on=items,
        unchecked=unchecked,
        gguf=gguf,
    )


def _record(text: str, path: Path) -> dict[str, Any]:
    """Our own record of where an adapter comes from; empty where another program wrote it."""
    if not text:
        return {}
    try:
        record = json.loads(text)
        items = record.get("trained_on") or ()
        if not all({"id", "sha256"} <= {*item} for item in items):
            raise ValueError("an item without its hash")
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"where {display_path(path)} comes from cannot be read ({error})"
        ) from error
    return dict(record)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"{display_path(path)} is a folder (an adapter of PEFT's?); `commonplace adapter "
            "convert FOLDER --to gguf --base MODEL.gguf --out NEW.gguf` makes a file to wear"
        )


def _same_model(base: str, name: str) -> bool:
    """Whether a name of the hub or the catalogue is what a file's name begins with."""
    plain, longer = (
        "".join(filter(str.isalnum, text.rpartition("/")[2].lower())) for text in (base, name)
    )
    return bool(plain) and longer.startswith(plain)


def _fits(name: str, shape: tuple[int, ...], place: tuple[int, ...]) -> bool:
    """Whether a half of a pair, [r, in] or [out, r], fits a weight; a table's are transposed."""
    if len(shape) != 2:
        return False
    first = name.endswith(".lora_a")
    if name.startswith(EMBEDDING):
        return shape[0] == place[0 if first else 1]
    return shape[1] == place[1] if first else shape[0] == place[0]


def _is_complete(path: Path) -> bool:
    """Whether the cache holds it already, undamaged as far as its header tells."""
    try:
        return bool(open_gguf(path).tensors)
    except InputError:
        return False


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{display_path(path)} cannot be read: {error.strerror}") from error
