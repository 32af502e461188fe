"""Builds the OpenAPI document and its HTML page, and refuses unknown query parameters."""
