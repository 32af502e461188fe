"""Signs requests to AWS, and gets temporary credentials from AWS."""
