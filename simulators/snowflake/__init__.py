"""Simulates the SQL API (v2) of Snowflake, with scripted procedures."""
