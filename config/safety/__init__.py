"""What an instance refuses to start with."""
