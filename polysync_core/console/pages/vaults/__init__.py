"""Serves the HTML pages that list and edit vaults, the connections to secret managers."""
