"""Decides when a gate fires, and maps outputs of upstream runs to inputs."""
