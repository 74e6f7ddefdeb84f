"""What starts things: set-up, engines, the demo, the tests. Imports nothing of the product."""
