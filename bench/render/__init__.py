"""Rendering: memory, speed, motion and resuming, on random weights.

Prints Markdown: `python -m bench render > docs/render/figures.md`. Ratios come from one run on
one machine; the absolute figures are that machine's. `--gpu` takes the figures of a GPU, and
says that there is none where there is none.
"""

from __future__ import annotations


def main(*, gpu: bool = False) -> None:
    """Takes all figures, the quick ones first; with `gpu` those of a GPU alone."""
    from bench.render.run import print_figures

    print_figures(gpu=gpu)
