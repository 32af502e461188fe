"""Serves the pages of whole documents of definitions, and of the audit."""
