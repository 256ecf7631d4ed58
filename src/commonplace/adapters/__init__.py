"""Small files that change a model: attach, merge, compose, resize, convert; docs/adapters.md.

The names below are imported when they are first used: torch loads with most of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.adapters.algebra.adapter import Adapter
    from commonplace.adapters.algebra.compose import compose
    from commonplace.adapters.algebra.conflicts import (
        Conflict,
        RetainedShare,
        conflicts,
        retained_shares,
    )
    from commonplace.adapters.algebra.inspect import Inspection, inspect
    from commonplace.adapters.algebra.layer import Layer, effect
    from commonplace.adapters.algebra.provenance import Provenance, TrainingItem
    from commonplace.adapters.algebra.resize import Distance, compare, extract, resize
    from commonplace.adapters.choices import FORMATS, KINDS, METHODS, Format, Kind, Method
    from commonplace.adapters.formats.base_weights import (
        BaseWeights,
        open_weights,
        part_of,
        with_names,
    )
    from commonplace.adapters.formats.files import open_adapter, save_adapter
    from commonplace.adapters.formats.flux import flux_to_diffusers, flux_to_kohya
    from commonplace.adapters.running.attach import AttachedAdapter, attach, for_samples
    from commonplace.adapters.running.create import create
    from commonplace.adapters.running.fingerprint import fingerprint
    from commonplace.adapters.running.merge import MergedAdapters, merge
    from commonplace.adapters.running.wearing import AdaptedModel

__all__ = [
    "FORMATS",
    "KINDS",
    "METHODS",
    "AdaptedModel",
    "Adapter",
    "AttachedAdapter",
    "BaseWeights",
    "Conflict",
    "Distance",
    "Format",
    "Inspection",
    "Kind",
    "Layer",
    "MergedAdapters",
    "Method",
    "Provenance",
    "RetainedShare",
    "TrainingItem",
    "attach",
    "compare",
    "compose",
    "conflicts",
    "create",
    "effect",
    "extract",
    "fingerprint",
    "flux_to_diffusers",
    "flux_to_kohya",
    "for_samples",
    "inspect",
    "merge",
    "open_adapter",
    "open_weights",
    "part_of",
    "resize",
    "retained_shares",
    "save_adapter",
    "with_names",
]

_MODULES = {
    "algebra.adapter": ["Adapter"],
    "algebra.compose": ["compose"],
    "algebra.conflicts": ["Conflict", "RetainedShare", "conflicts", "retained_shares"],
    "algebra.inspect": ["Inspection", "inspect"],
    "algebra.layer": ["Layer", "effect"],
    "algebra.provenance": ["Provenance", "TrainingItem"],
    "algebra.resize": ["Distance", "compare", "extract", "resize"],
    "choices": ["FORMATS", "Format", "KINDS", "Kind", "METHODS", "Method"],
    "formats.base_weights": ["BaseWeights", "open_weights", "part_of", "with_names"],
    "formats.files": ["open_adapter", "save_adapter"],
    "formats.flux": ["flux_to_diffusers", "flux_to_kohya"],
    "running.attach": ["AttachedAdapter", "attach", "for_samples"],
    "running.create": ["create"],
    "running.fingerprint": ["fingerprint"],
    "running.merge": ["MergedAdapters", "merge"],
    "running.wearing": ["AdaptedModel"],
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
