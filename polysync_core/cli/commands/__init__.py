"""The commands of the CLI, grouped by the objects that they act on."""
