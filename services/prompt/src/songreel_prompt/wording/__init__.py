"""Words: reading lyrics, and what may stand in a prompt."""
