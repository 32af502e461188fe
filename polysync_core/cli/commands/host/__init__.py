"""Implements the commands for one machine: `dev`, `demo`, `doctor`, `backup` and `access-key`."""
