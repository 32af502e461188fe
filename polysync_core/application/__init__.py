"""The use cases, which the API, the triggers and the activities call."""
