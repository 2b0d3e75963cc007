"""One folder per peer: peer.toml, pinned requirements, and a worker of ours that calls the peer the way its own documentation does."""
