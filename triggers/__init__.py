"""The entry points: each translates what the Functions host brings and calls a use case."""
