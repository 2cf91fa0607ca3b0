"""Gateways that share their jobs, and what may happen to them."""
