"""The durable part: orchestrations, entities and activities; each only decides or calls."""
