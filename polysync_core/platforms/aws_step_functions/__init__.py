"""Runs state machines of AWS Step Functions."""
