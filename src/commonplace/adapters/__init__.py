"""Small files that change a model: attach, merge, compose, resize, convert; docs/adapters.md."""

from commonplace.adapters.algebra.adapter import Adapter
from commonplace.adapters.algebra.compose import METHODS, Method, compose
from commonplace.adapters.algebra.conflicts import Conflict, Kept, conflicts, kept
from commonplace.adapters.algebra.inspect import Inspection, inspect
from commonplace.adapters.algebra.layer import Layer, effect
from commonplace.adapters.algebra.provenance import Provenance, TrainingItem
from commonplace.adapters.algebra.resize import Distance, compare, extract, resize
from commonplace.adapters.formats.base_weights import Weights, open_weights, part_of, with_names
from commonplace.adapters.formats.files import FORMATS, Format, open_adapter, save_adapter
from commonplace.adapters.formats.flux import flux_to_diffusers, flux_to_kohya
from commonplace.adapters.running.attach import Worn, attach, for_samples
from commonplace.adapters.running.create import create
from commonplace.adapters.running.fingerprint import fingerprint
from commonplace.adapters.running.merge import Merged, merge
from commonplace.adapters.running.wearing import Wearing

__all__ = [
    "FORMATS",
    "METHODS",
    "Adapter",
    "Conflict",
    "Distance",
    "Format",
    "Inspection",
    "Kept",
    "Layer",
    "Merged",
    "Method",
    "Provenance",
    "TrainingItem",
    "Wearing",
    "Weights",
    "Worn",
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
    "kept",
    "merge",
    "open_adapter",
    "open_weights",
    "part_of",
    "resize",
    "save_adapter",
    "with_names",
]
