"""Invokes functions of AWS Lambda."""
