"""Sends notifications to Teams, Slack, e-mail, and systems that take JSON."""
