"""Import tickets from another help desk."""
