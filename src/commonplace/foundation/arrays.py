"""The arrays that annotations name, each with its width, once for the whole program.

Notable: the package's door does not hand these on, so that `commonplace --help` loads no numpy. A
docstring or a comment gives the shape where it matters.
"""

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
