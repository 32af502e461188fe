"""Secret managers, with one module per provider."""
