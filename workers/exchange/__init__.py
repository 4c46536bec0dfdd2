"""Messages between the tasks of one attempt, encrypted from party to party, through a relay that forwards only."""
