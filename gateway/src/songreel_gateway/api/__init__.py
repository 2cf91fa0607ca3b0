"""The conventions of the public API (AIPs)."""
