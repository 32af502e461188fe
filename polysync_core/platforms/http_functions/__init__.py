"""Shares the code that calls functions over HTTP between Azure and Google Cloud Functions."""
