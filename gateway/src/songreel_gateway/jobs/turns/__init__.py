"""Whose turn it is at a service that may be full."""
