"""Simulates one Azure function app.

It serves the app's functions, the HTTP API of Durable Functions, and the resources of the app in
Azure Resource Manager.
"""
