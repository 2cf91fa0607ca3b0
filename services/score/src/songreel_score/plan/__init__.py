"""The plan of a soundtrack: tempo map, hits, sections, chords and themes, before any note."""
