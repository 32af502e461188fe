"""Builds the editor of a Task, with a module for each tab."""
