"""What names a checkpoint and what is in its folder."""
