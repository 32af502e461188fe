"""The HTTP routes of the simulator that are not about runs or the workspace."""
