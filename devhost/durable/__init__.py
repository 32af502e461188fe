"""The durable engine of the local host: orchestrations, entities, activities and timers."""
