"""Secret managers: one module a provider."""
