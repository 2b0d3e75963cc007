"""Figures of every network as a client of the portal would get them: `python -m ml.training.evaluate`."""
