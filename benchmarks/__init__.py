"""Comparisons with peers, runnable, in one run and on the same cores."""
