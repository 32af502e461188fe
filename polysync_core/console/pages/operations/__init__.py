"""Serves the HTML pages of the audit log, and of import and export of definitions."""
