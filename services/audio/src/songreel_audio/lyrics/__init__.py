"""The words of a song and their times."""
