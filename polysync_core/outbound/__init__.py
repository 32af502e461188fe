"""Signs and sends outgoing HTTP requests to checked addresses, and loads plugins."""
