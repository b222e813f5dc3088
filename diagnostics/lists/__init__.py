"""Lists people use: recall cases as .xlsx and CSV, a letter to each prescriber unit, answers from the returned list."""
