"""Analysis of a song: lyrics, beats, sections, emotion."""

import songreel_kit as songreel_kit  # Says how threads wait, before torch or numba load.
