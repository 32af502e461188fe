"""Calls HTTP functions of Google Cloud Functions, of both generations."""
