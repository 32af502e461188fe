"""Compares the performance of Polysync, Airflow and Prefect (`make bench-peers`)."""
