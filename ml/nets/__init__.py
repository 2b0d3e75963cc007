"""Network graphs in Keras and importers of public weights."""
