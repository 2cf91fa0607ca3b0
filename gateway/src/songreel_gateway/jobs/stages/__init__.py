"""The stages of a job: a module for each, and their table."""
