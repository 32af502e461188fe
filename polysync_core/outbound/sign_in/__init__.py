"""Sign-in methods, their tokens and their authenticators."""
