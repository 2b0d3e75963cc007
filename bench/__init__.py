"""HexaFace and its peers, measured side by side; see bench/README.md."""
