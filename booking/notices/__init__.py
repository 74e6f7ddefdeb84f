"""What is to be said about a visit, when, and in which words."""
