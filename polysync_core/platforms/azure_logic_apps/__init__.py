"""Runs workflows of Azure Logic Apps (Standard and Consumption) by calling request triggers."""
