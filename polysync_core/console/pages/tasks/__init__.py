"""Serves the list and the editor of Tasks, and the pages of their actions."""
