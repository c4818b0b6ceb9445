"""What managers take home: tables as CSV and Excel."""
