"""Django apps: core (what all tasks share), versions (model versions), and one small app per task."""
