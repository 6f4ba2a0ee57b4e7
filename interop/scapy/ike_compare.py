"""The fields of one IKE payload, as mpsec decodes them, against Scapy's layer of the same payload."""


def compare(name: str, fields: dict, layer: object) -> None:
    """Where Scapy has the field."""
    if name == "SA":
        theirs = layer.prop
        for ours in fields["Proposal"]:
            assert (theirs.proposal, theirs.proto, theirs.SPIsize, theirs.trans_nb) == tuple(
                ours[field] for field in ("Proposal Num", "Protocol ID", "SPI Size", "Num Transforms")
            )
            _compare_transforms(ours["Transform"], theirs.trans)
            theirs = theirs.payload
    elif name == "KE":
        assert (layer.group, bytes(layer.load)) == (fields["Key Exchange Method"], fields["Key Exchange Data"])
    elif name == "Nonce":
        assert bytes(layer.load or b"") == fields["Nonce Data"]
    elif name in ("IDi", "IDr"):
        assert layer.IDtype == fields["ID Type"]
    elif name == "AUTH":
        assert (layer.auth_type, bytes(layer.load)) == (fields["Auth Method"], fields["Authentication Data"])
    elif name == "Notify":
        assert (layer.type, layer.proto, layer.SPIsize) == tuple(
            fields[field] for field in ("Notify Message Type", "Protocol ID", "SPI Size")
        )


def _compare_transforms(ours: list[dict], theirs: object) -> None:
    for transform in ours:
        assert (theirs.transform_type, theirs.transform_id) == (transform["Transform Type"], transform["Transform ID"])
        theirs = theirs.payload
