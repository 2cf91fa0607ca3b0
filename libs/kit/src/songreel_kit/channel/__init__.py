"""Channels to songreel services: balanced, retried, over TLS."""
