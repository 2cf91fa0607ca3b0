"""Values that begin and end gently."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


@overload
def smoothstep(share: float) -> float: ...
@overload
def smoothstep(share: NDArray[np.float64]) -> NDArray[np.float64]: ...
def smoothstep(share: Any) -> Any:
    """0 to 1 with a gentle beginning and end; below 0 and above 1 it stays."""
    share = np.clip(share, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
