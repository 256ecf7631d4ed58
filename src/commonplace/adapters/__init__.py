"""Small files that change a model: attach, merge, compose, resize, convert; docs/adapters.md."""

from commonplace.adapters._adapter import Adapter
from commonplace.adapters._attach import Worn, attach, for_samples
from commonplace.adapters._compose import METHODS, Method, compose
from commonplace.adapters._conflicts import Conflict, Kept, conflicts, kept
from commonplace.adapters._create import create
from commonplace.adapters._files import FORMATS, Format, open_adapter, save_adapter
from commonplace.adapters._fingerprint import fingerprint
from commonplace.adapters._flux import flux_to_diffusers, flux_to_kohya
from commonplace.adapters._inspect import Inspection, inspect
from commonplace.adapters._layer import Layer, effect
from commonplace.adapters._merge import Merged, merge
from commonplace.adapters._provenance import Provenance, TrainingItem
from commonplace.adapters._resize import Distance, compare, extract, resize
from commonplace.adapters._wearing import Wearing
from commonplace.adapters._weights import Weights, open_weights, part_of, with_names

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
