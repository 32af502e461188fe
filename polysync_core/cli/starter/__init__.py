"""Creates the project of `polysync init`; the folder `files` holds its files."""
