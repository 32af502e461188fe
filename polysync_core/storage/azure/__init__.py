"""Azure Storage below the stores: connections, rows, transactions, errors and queues."""
