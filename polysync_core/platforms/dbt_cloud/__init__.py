"""Runs the jobs of dbt Cloud (the dbt platform) by its administrative API."""
