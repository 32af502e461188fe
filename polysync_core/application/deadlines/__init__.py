"""Checks the deadlines of Tasks, and reports missed and recovered deadlines."""
