"""Azure Functions: calls HTTP functions and starts Durable Functions orchestrations."""
