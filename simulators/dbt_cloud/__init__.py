"""Simulates the administrative API (v2) of dbt Cloud, with scripted jobs."""
