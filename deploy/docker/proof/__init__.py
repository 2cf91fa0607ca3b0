"""Carries out the Dockerfiles without a container engine, and looks at what comes out."""
