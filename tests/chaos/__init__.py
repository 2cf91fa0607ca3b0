"""Chaos tests: gateways that share their jobs, under faults."""
