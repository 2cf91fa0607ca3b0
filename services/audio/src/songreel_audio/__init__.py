"""Hears a song: lyrics, beats, sections, emotion."""
