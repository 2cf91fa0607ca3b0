"""The limits that storytellers keep and checks look for."""

from __future__ import annotations

from typing import Final

SHORTEST_S: Final = 2.0
"""No scene is shorter, unless the song is."""
LONGEST_S: Final = 12.0
"""No scene is longer."""
BEATLESS_S: Final = 3.0
"""In a longer stretch without beats a cut may stand where no beat is."""
PROTAGONIST_SHARE: Final = 0.5
"""At least this share of scenes shows the protagonist, where none is asked for."""
SHARE_TOLERANCE: Final = 0.15
"""How far the share of scenes with the protagonist may be from what was asked."""
