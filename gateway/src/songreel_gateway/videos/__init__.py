"""Videos: stored rows and checked requests."""
