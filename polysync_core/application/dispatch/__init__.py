"""Shows which runs use the limits, and which runs wait for them."""
