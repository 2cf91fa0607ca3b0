"""The offline storyteller."""
