"""A stand-in for Google Cloud Functions: the v2 API, functions to call, and one that publishes."""
