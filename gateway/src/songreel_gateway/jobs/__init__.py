"""Durable jobs: stages, events, recovery."""
