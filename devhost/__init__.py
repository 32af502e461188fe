"""Runs an unchanged app directory on one machine, in place of the Functions host."""
