"""Reports on a video and on this installation."""
