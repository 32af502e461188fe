"""Serves the list and the editor of platforms, their artefacts and the import of Jobs."""
