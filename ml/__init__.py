"""Face analysis on numpy arrays: decoding, detection, alignment, networks, results. Knows nothing of the web."""
