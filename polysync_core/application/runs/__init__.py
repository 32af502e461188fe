"""Accepts, executes, records, reconciles, explains and deletes runs."""
