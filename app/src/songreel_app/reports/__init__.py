"""What is printed about a video and about this installation."""
