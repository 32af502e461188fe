"""Google Cloud Functions: calling HTTP functions of both generations."""
