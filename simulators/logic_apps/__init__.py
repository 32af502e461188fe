"""Simulates the workflows of Azure Logic Apps, both Consumption and Standard."""
