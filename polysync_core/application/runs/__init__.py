"""Use cases that accept, execute, record and reconcile runs."""
