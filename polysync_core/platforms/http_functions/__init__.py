"""What calls of functions over HTTP have in common, whoever runs the functions."""
