"""How fast and how well alarms reach people, for people: on the screen, and as a monthly report."""
