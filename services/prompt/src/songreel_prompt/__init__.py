"""Turns a song analysis into a storyboard."""
