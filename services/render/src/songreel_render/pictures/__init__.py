"""The contact sheet and the timeline plot."""
