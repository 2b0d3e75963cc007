"""Model versions: which there are, how they measured, and which one answers each task."""
