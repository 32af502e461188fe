"""Azure Logic Apps: starts workflows of both plans by their request triggers."""
