"""The demo: 200 simulated devices live through weeks in a minute, and a check that the main job really happened."""
