"""Analysis of a song: lyrics, beats, sections, emotion."""
