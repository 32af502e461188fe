"""Sends notifications to Teams, Slack, e-mail and HTTP addresses."""
