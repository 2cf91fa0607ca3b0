"""Decoding of songs, in a child process with limits."""
