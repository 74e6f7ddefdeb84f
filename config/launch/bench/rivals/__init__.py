"""Other ways to dispatch a day; each reads an instance and prints the routes it found."""
