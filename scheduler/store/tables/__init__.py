"""The tables. Rows never leave a transaction: `views` turns them into the domain's values."""
