"""Backgrounds: places, sky, weather, the view from above."""
