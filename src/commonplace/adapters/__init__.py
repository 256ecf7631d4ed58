"""Small files that change a model: attach, merge, compose, resize, convert; docs/adapters.md.

The names below are imported when they are first used: torch loads with most of them.
"""

from typing import TYPE_CHECKING

from commonplace.foundation import lazy_names

if TYPE_CHECKING:
    from commonplace.adapters.algebra.adapter import Adapter as Adapter
    from commonplace.adapters.algebra.compose import compose as compose
    from commonplace.adapters.algebra.conflicts import Conflict as Conflict
    from commonplace.adapters.algebra.conflicts import RetainedShare as RetainedShare
    from commonplace.adapters.algebra.conflicts import conflicts as conflicts
    from commonplace.adapters.algebra.conflicts import retained_shares as retained_shares
    from commonplace.adapters.algebra.inspect import Inspection as Inspection
    from commonplace.adapters.algebra.inspect import inspect as inspect
    from commonplace.adapters.algebra.layer import Layer as Layer
    from commonplace.adapters.algebra.layer import effect as effect
    from commonplace.adapters.algebra.provenance import Provenance as Provenance
    from commonplace.adapters.algebra.provenance import TrainingItem as TrainingItem
    from commonplace.adapters.algebra.resize import Distance as Distance
    from commonplace.adapters.algebra.resize import compare as compare
    from commonplace.adapters.algebra.resize import extract as extract
    from commonplace.adapters.algebra.resize import resize as resize
    from commonplace.adapters.choices import METHODS as METHODS
    from commonplace.adapters.choices import Format as Format
    from commonplace.adapters.choices import Kind as Kind
    from commonplace.adapters.choices import Method as Method
    from commonplace.adapters.formats.base_weights import BaseWeights as BaseWeights
    from commonplace.adapters.formats.base_weights import open_weights as open_weights
    from commonplace.adapters.formats.base_weights import part_of as part_of
    from commonplace.adapters.formats.base_weights import with_names as with_names
    from commonplace.adapters.formats.files import open_adapter as open_adapter
    from commonplace.adapters.formats.files import save_adapter as save_adapter
    from commonplace.adapters.formats.flux import flux_to_diffusers as flux_to_diffusers
    from commonplace.adapters.formats.flux import flux_to_kohya as flux_to_kohya
    from commonplace.adapters.running.attach import AttachedAdapter as AttachedAdapter
    from commonplace.adapters.running.attach import attach as attach
    from commonplace.adapters.running.attach import for_samples as for_samples
    from commonplace.adapters.running.create import create as create
    from commonplace.adapters.running.fingerprint import fingerprint as fingerprint
    from commonplace.adapters.running.merge import MergedAdapters as MergedAdapters
    from commonplace.adapters.running.merge import merge as merge
    from commonplace.adapters.running.wearing import AdaptedModel as AdaptedModel

__getattr__, __all__ = lazy_names(__name__, __file__)
