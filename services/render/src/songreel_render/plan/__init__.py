"""The render plan: every setting resolved to numbers."""
