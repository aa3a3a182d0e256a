"""The passes. Each is a function from one frozen value to the next; none knows another, `pipeline` knows the order."""
