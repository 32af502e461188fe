"""Runs the DAGs of Google Cloud Composer, which is Apache Airflow with Google's sign-in."""
