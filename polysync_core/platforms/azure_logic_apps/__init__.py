"""Azure Logic Apps: workflows of both plans, started by their request triggers."""
