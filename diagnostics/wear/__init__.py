"""Life and wear: how long models last, how often they are repaired and how much they are used, at which price."""
