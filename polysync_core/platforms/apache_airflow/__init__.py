"""Runs the DAGs of Apache Airflow 2 and 3 by Airflow's REST API."""
