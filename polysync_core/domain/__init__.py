"""Defines the values and rules of job orchestration, without I/O."""
