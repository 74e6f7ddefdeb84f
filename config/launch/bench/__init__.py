"""bin/bench: how fast slots, dispatch and booking are, each against others in the same run."""
