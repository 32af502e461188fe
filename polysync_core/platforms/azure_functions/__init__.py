"""Calls Azure Functions over HTTP, and starts orchestrators of Durable Functions."""
