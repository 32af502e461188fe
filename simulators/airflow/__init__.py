"""Simulates the REST APIs of Apache Airflow 2 and 3, with scripted DAGs."""
