"""The durable part: orchestrations, entities and activities."""
