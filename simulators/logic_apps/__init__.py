"""Simulates Azure Logic Apps, Consumption and Standard: definitions, request triggers and runs."""
