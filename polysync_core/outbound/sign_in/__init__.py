"""Gets credentials for outgoing requests by each sign-in method, and signs requests."""
