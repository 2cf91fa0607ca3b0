"""Sprout: a small Stable Diffusion trained from nothing on scenes that the project paints."""

import os

# Threads that wait sleep instead of spinning; OpenMP reads this when torch loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
