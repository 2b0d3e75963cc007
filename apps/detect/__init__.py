"""Detection of faces with five points."""
