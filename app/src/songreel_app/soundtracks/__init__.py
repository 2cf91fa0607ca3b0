"""Soundtracks of videos, made in this process."""
