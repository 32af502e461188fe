"""Accepts, executes, records and reconciles runs."""
