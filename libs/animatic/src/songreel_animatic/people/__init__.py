"""People: bodies that move to the music."""
