"""Reads and writes definitions, and updates schedules and limits after each write."""
