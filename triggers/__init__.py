"""The entry points: each translates a trigger of the Functions host into a use case."""
