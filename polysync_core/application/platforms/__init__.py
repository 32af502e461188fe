"""Connects to platforms, imports artefacts as Jobs, and reads platform runs and failure details."""
