"""Formats the answers of the API as text and tables for people."""
