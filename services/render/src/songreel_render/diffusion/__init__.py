"""Prompts, noise and networks in, pictures out."""
