"""Implements all commands of the CLI, with one package for each subject."""
