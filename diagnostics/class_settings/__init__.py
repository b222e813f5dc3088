"""What is set for a whole class: numbers of its alarm rules and idle limits."""
