"""What the gateway may ask of this party over its channel; each module answers the calls about one subject."""
