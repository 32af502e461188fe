"""Simulates Google Cloud Functions: the v2 API, scripted functions, and `publish`."""
