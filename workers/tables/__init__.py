"""The party's data tables: the gateway's calls for them, and the process that reads and writes Parquet and CSV."""
