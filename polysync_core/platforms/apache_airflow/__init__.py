"""Runs the DAGs of Apache Airflow 2 and 3 by its REST API."""
