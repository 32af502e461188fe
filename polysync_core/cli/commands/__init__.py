"""The commands, one file for each name that users type."""
