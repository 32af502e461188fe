"""The command line: a client of the HTTP API that knows nothing of the rest of the product."""
