"""Azure Logic Apps: starts Standard and Consumption workflows by their request triggers."""
