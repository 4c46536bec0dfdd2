"""The statements between a submit and its report: set-based SQL, the same for one row or hundreds."""
