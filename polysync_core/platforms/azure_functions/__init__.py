"""Azure Functions: calling HTTP functions, and starting orchestrations of Durable Functions."""
