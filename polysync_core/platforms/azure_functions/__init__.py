"""Calls Azure Functions by HTTP and starts Durable Functions orchestrations."""
