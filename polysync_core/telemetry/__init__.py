"""Records and exports traces, metrics and logs, and defines the telemetry names."""
