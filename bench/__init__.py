"""Figures of songreel: ratios and measures, each taken in one run."""
