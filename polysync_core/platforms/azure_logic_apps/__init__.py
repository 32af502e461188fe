"""Starts Azure Logic Apps workflows, Standard and Consumption, by their triggers."""
