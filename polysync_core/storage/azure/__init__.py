"""Accesses Azure Storage: connections, rows, transactions, errors and queues."""
