"""The desk's pages about messages."""
