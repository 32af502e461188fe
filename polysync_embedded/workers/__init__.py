"""Executes the activities of the engine on threads, which the platforms share."""
