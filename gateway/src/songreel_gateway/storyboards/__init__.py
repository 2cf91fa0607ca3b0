"""Storyboards that projects keep and edit."""
