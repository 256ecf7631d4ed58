"""Where an adapter comes from: the record that is in its file, always.

Notable: galleries and trainers read other fields, so the same facts are written as ModelSpec
(`modelspec.*`, https://github.com/Stability-AI/ModelSpec) and as kohya's `ss_*` too. What a file of
another program says beyond that is kept as it was and written again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from commonplace.foundation import InputError

KEY: Final = "commonplace.adapter"
_VERSION: Final = 1


@dataclass(frozen=True)
class TrainingItem:
    """One item of the library that an adapter was trained on."""

    id: str
    sha256: str  # of the content, as it was then


@dataclass(frozen=True)
class Provenance:
    """Where an adapter comes from; what is unknown is empty."""

    base: str = ""  # the model's name
    fingerprint: str = ""  # of its weights, see `fingerprint`
    base_sha256: str = ""  # of its file, where that was one: a GGUF file
    trained_on: tuple[TrainingItem, ...] = ()
    recipe: str = ""  # the command or the operation that made it
    seed: int | None = None
    steps: int | None = None
    licence: str = ""
    trigger_words: tuple[str, ...] = ()
    title: str = ""
    parents: tuple[str, ...] = ()  # what it was composed or resized from
    other: Mapping[str, str] = field(default_factory=dict)  # another program's metadata, as it was

    def record(self) -> dict[str, Any]:
        """The facts as an object for JSON, without `other`."""
        facts = asdict(self)
        del facts["other"]
        return facts

    def stale(self, contents: Mapping[str, str]) -> tuple[TrainingItem, ...]:
        """The items that have changed since the training, by their present hashes, or are gone."""
        return tuple(item for item in self.trained_on if contents.get(item.id) != item.sha256)


@dataclass(frozen=True)
class Summary:
    """What the layers are, counted while they are written."""

    kinds: Mapping[str, int] = field(default_factory=dict)
    ranks: tuple[int, ...] = ()  # from the least to the greatest, each once
    alphas: tuple[float, ...] = ()


def to_metadata(provenance: Provenance, summary: Summary) -> dict[str, str]:
    """The metadata of a safetensors file."""
    record = {"version": _VERSION, **provenance.record(), **asdict(summary)}
    return {
        **provenance.other,
        KEY: json.dumps(record, ensure_ascii=False, sort_keys=True),
        **_modelspec(provenance),
        **_kohya(provenance, summary),
    }


def from_metadata(metadata: Mapping[str, str]) -> Provenance:
    """Read the provenance in a file's metadata: our record, or else ModelSpec and `ss_*`.

    Raises:
        InputError: it was written by a newer version, or our record is broken.
    """
    other = {key: value for key, value in metadata.items() if key != KEY}
    if KEY not in metadata:
        return _foreign(other)
    try:
        record = json.loads(metadata[KEY])
        version = int(record["version"])
        if version > _VERSION:
            raise InputError(
                f"the adapter's record has version {version}, this program reads {_VERSION}; "
                "install a newer commonplace"
            )
        return _read(record, other)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the adapter's provenance cannot be read ({error})") from error


def _read(record: Mapping[str, Any], other: Mapping[str, str]) -> Provenance:
    own_keys = {**_modelspec(Provenance()), **_kohya(Provenance(), Summary())}
    # Another program's architecture is kept as it was.
    if other.get("modelspec.architecture") != f"{record['base'] or 'unknown'}/lora":
        del own_keys["modelspec.architecture"]
    return Provenance(
        base=str(record["base"]),
        fingerprint=str(record["fingerprint"]),
        base_sha256=str(record.get("base_sha256", "")),
        trained_on=tuple(TrainingItem(item["id"], item["sha256"]) for item in record["trained_on"]),
        recipe=str(record["recipe"]),
        seed=record["seed"],
        steps=record["steps"],
        licence=str(record["licence"]),
        trigger_words=tuple(map(str, record["trigger_words"])),
        title=str(record["title"]),
        parents=tuple(map(str, record["parents"])),
        other={key: value for key, value in other.items() if key not in own_keys},
    )


def _foreign(metadata: Mapping[str, str]) -> Provenance:
    """What kohya's trainer and ModelSpec wrote; all of it stays in `other` too."""
    words = metadata.get("modelspec.trigger_phrase", "")
    return Provenance(
        base=metadata.get("ss_sd_model_name", ""),
        seed=_number(metadata.get("ss_seed")),
        steps=_number(metadata.get("ss_steps")),
        licence=metadata.get("modelspec.license", ""),
        trigger_words=tuple(word.strip() for word in words.split(",") if word.strip()),
        title=metadata.get("modelspec.title", metadata.get("ss_output_name", "")),
        other=metadata,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdigit() else None


def _modelspec(provenance: Provenance) -> dict[str, str]:
    base = provenance.base or "unknown"
    return {
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": provenance.other.get("modelspec.architecture", f"{base}/lora"),
        "modelspec.implementation": "https://pypi.org/project/commonplace",
        "modelspec.title": provenance.title,
        "modelspec.license": provenance.licence,
        "modelspec.trigger_phrase": ", ".join(provenance.trigger_words),
    }


def _kohya(provenance: Provenance, summary: Summary) -> dict[str, str]:
    plain = set(summary.kinds) <= {"LoRA"}
    return {
        "ss_network_module": "networks.lora" if plain else "lycoris.kohya",
        "ss_network_dim": str(max(summary.ranks, default="")),
        "ss_network_alpha": str(max(summary.alphas, default="")),
        "ss_sd_model_name": provenance.base,
        "ss_seed": _text(provenance.seed),
        "ss_steps": _text(provenance.steps),
    }


def _text(number: int | None) -> str:  # as kohya's trainer writes it
    return "None" if number is None else str(number)
