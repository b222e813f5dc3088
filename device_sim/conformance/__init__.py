"""Whether a device keeps to the contract: what was heard of it and said to it, judged by each requirement, pure."""
