"""Signs and sends HTTP requests to checked addresses, and loads plugins."""
