"""Enrolled people and identity servers."""
