"""Checkpoints, LoRA files and adapters of people: found, checked, loaded."""
