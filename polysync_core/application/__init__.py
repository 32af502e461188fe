"""Use cases: what the API, the command line's server side and the activities call."""
