"""Runs the real Durable and queue extensions of Azure Functions beside the app."""
