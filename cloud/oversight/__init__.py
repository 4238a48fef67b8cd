"""What officers make of what happened: reads only."""
