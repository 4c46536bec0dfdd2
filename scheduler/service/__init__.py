"""Use cases: one public function, one transaction's work."""
