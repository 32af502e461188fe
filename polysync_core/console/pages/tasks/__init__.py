"""Serves the list of Tasks, the editor of a Task, and the pages of its actions."""
