"""Use cases that connect to platforms, test them and import their artefacts."""
