"""Simulates Azure Logic Apps of both plans: definitions, request triggers and runs."""
