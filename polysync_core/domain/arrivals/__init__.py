"""Decides which received events start runs of Tasks, and collects events into batches."""
