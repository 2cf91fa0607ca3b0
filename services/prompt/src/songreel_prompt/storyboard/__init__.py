"""Storyboard documents and the rules that they keep."""
