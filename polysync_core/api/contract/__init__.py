"""The contract of the API: its OpenAPI document, its page and the check of parameters."""
