"""Starts workflows of Azure Logic Apps, Standard and Consumption, by their request triggers."""
