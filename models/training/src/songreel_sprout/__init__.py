"""Sprout: a small Stable Diffusion trained from nothing on scenes that the project paints."""
