"""Records and exports traces, metrics and logs, and registers their names."""
