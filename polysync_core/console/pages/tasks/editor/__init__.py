"""Builds the HTML editor of a Task, with one module for each tab."""
