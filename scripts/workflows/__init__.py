"""Checks the workflows of .github, and makes the parameters of their deployments."""
