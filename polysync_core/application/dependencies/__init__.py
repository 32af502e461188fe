"""Use cases that start dependent Tasks when a run ends."""
