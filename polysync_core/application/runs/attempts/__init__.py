"""Executes the steps of one attempt: submit, poll, stop, and record the end."""
