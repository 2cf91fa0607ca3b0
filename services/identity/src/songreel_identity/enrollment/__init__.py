"""Enrollment: camera frames in, prompts and seven stills out."""
