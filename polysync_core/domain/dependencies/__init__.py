"""Decides when the dependencies of a Task create a run, and maps upstream outputs."""
