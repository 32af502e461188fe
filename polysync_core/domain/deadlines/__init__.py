"""Checks deadlines: times by which runs of a Task must have started or succeeded."""
