"""Jobs: started, joined, followed, shown and listed."""
