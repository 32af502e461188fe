"""The stores of Polysync in tables, and their common tools."""
