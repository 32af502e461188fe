"""Simulates the AWS services that Polysync calls, with one module for each service."""
