"""Shares attributes, signed clients and error remedies between the AWS platforms."""
