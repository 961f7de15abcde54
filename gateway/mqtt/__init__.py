"""The home's broker: paho on the one hand, the session book on the other."""
