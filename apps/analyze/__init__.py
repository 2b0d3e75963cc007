"""Any set of tasks in one pass."""
