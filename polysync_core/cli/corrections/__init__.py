"""Suggests the right Polysync command when a user types another tool's command."""
