"""What can be seen and heard in a video: cuts, motion, mood, speech."""
