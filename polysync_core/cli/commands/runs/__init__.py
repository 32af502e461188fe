"""Commands for runs, one module for each command."""
