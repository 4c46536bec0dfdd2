"""How a call of the gateway over the channel is read and answered; what it may ask, the rooms of its subjects say."""
