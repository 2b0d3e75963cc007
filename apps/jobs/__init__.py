"""Background jobs: a record of each, run by whichever queue is configured, never lost when a worker dies."""
