"""Runs the DAGs of Google Cloud Composer, Google's hosted Apache Airflow."""
