"""Sprout's networks and tokenizer."""
