"""Executes the activities of the engine on threads that platforms share fairly."""
