"""What a patient sees of their own data, and what the public reads."""
