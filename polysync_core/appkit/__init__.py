"""Starts, follows and cancels Databricks jobs by job key, like AppKit's jobs plugin."""
