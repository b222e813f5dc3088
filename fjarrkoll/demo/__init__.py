"""The demo: a fleet of 200 simulated devices that live through weeks in a minute, and a check that the main job really happened."""
