"""Calls of the services that do the stages' work."""
