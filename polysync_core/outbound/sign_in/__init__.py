"""Signs in to services: methods, tokens and authenticators."""
