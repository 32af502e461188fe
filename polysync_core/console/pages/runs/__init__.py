"""Serves the HTML pages that list runs, group failures, and cancel or rerun many runs."""
