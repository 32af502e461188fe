"""Connects to platforms, imports their artefacts, and reads their runs and failure details."""
