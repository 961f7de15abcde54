"""BlockBlueLight panels: red and near-infrared light, a timer, and nothing else (docs/blockbluelight.md)."""
