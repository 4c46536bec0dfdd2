"""The parts of the drop-in FLARE session; users import `fedrota.flare`."""
