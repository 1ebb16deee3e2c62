"""What clients see: one folder for each venue's wire protocol."""
