"""Onsets, beats, downbeats, metre, tempo and sections."""
