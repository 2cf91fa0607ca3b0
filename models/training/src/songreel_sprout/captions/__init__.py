"""Labels of scenes and their captions."""
