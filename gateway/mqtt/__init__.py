"""Wi-Fi devices: MQTT 5 over the home broker, and the session book."""
