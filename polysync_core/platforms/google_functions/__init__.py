"""Google Cloud Functions: calls HTTP functions of both generations."""
