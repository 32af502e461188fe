"""The rules of runs: values, transitions, retries, polls and outputs."""
