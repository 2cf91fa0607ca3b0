"""Draws a storyboard to the music with Stable Diffusion."""

from typing import Final

# Part of the key of every stored segment and result: raise it whenever the same
# plan would give other frames.
VERSION: Final = "2"
