"""How fast and how well alarms reach people: figures with their denominators, and who was called about one alarm."""
