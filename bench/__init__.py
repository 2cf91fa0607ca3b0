"""Benchmarks: ratios and measures, each taken in one run."""
