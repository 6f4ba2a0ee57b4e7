"""The catalogue of conformance cases against the real peers: a laboratory, a peer at node b, mpsec-conformance at node a."""
