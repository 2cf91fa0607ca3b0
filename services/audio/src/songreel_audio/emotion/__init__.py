"""Valence and arousal over time, and the training of the network."""
