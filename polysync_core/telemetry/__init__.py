"""Telemetry of the app: traces, metrics and the registry of log actions."""
