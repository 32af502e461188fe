"""Checks the GitHub Actions workflow files, and prints the parameters of deployments."""
