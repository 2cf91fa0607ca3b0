"""The services of the public API."""
