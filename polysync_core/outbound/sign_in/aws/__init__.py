"""Signs requests to AWS, and gets temporary credentials from its Security Token Service (STS)."""
