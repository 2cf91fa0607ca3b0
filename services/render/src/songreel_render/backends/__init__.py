"""Where frames are drawn: this process or Ray Serve."""
