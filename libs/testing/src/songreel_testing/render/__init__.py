"""Tiny checkpoints and short songs."""
