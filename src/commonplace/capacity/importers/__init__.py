"""Plans made of other programs' files: SNDlib, REPETITA, topohub, NetBox."""

from commonplace.capacity.importers._netbox import import_netbox
from commonplace.capacity.importers._network import Imported
from commonplace.capacity.importers._repetita import import_repetita
from commonplace.capacity.importers._sndlib import import_sndlib
from commonplace.capacity.importers._topohub import import_topohub

__all__ = ["Imported", "import_netbox", "import_repetita", "import_sndlib", "import_topohub"]
