"""Holds what the AWS platforms share: attributes, signed clients, and errors with remedies."""
