"""Work orders: what a finding becomes, what is done with it, what came of it, and what that has saved."""
