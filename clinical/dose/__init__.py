"""How much reached the skin: light by band, radiofrequency, heat, and whether anybody wore the device."""
