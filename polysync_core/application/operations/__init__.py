"""Use cases for the people who operate the app: audit and documentation."""
