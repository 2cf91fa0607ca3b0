"""Files of the user: results, what belongs to a video, checkpoints."""
