"""Drawing: colours, paths, and the pen that draws them in a look."""
