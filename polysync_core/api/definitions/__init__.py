"""Routes to read, edit and import definitions."""
