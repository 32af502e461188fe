"""Commands for definitions and artefacts, one module for each command."""
