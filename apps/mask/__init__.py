"""Face masks."""
