"""Routes for the people who operate the app: audit, documentation, tests of connections."""
