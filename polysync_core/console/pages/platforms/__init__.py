"""Serves the HTML pages that list and edit platforms, and import their artefacts as Jobs."""
