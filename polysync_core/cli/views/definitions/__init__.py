"""Words the answers of the commands about definitions and platforms."""
