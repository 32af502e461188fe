"""The platform Azure Container Apps: starts executions of jobs with values of their own."""
