"""Small files that change a model: attach, merge, compose, resize, convert; docs/adapters.md."""

from commonplace.adapters._adapter import Adapter
from commonplace.adapters._attach import Worn, attach, for_samples
from commonplace.adapters._create import create
from commonplace.adapters._files import FORMATS, Format, open_adapter, save_adapter
from commonplace.adapters._fingerprint import fingerprint
from commonplace.adapters._layer import Layer, effect
from commonplace.adapters._merge import Merged, merge
from commonplace.adapters._provenance import Provenance, TrainingItem

__all__ = [
    "FORMATS",
    "Adapter",
    "Format",
    "Layer",
    "Merged",
    "Provenance",
    "TrainingItem",
    "Worn",
    "attach",
    "create",
    "effect",
    "fingerprint",
    "for_samples",
    "merge",
    "open_adapter",
    "save_adapter",
]
