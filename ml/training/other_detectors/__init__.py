"""Detectors that are not served, and other ways to use those that are, beside ours: `python -m ml.training.other_detectors`."""
