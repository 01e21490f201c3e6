"""One encrypted file with all that a state folder holds: made, looked through, and put back."""
