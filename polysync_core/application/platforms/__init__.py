"""Connects to platforms, tests them and imports their artefacts."""
