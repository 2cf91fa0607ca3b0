"""Runs Dockerfiles without a container engine and checks the results."""
