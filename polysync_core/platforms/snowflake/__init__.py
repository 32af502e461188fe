"""Calls the stored procedures of Snowflake by its SQL API."""
