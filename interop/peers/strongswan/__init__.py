"""What both ways of running strongSwan share: its words, its files, its answers. Driven by swanctl (man 8 swanctl)."""
