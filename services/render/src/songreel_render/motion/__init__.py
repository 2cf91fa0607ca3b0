"""How the pictures move: timeline, schedules, scene changes, camera."""
