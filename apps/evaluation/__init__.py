"""Evaluation sets, comparisons of model versions, and candidates in shadow mode."""
