"""Implements the jobs plugin of AppKit, a Databricks library for web apps, in Python."""
