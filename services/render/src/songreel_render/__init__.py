"""Draws a storyboard to the music with Stable Diffusion."""

from typing import Final

import songreel_kit as songreel_kit  # Says how threads wait, before torch or numba load.

# Part of the key of every stored segment and result: raise it whenever the same
# plan would give other frames.
VERSION: Final = "3"
