"""Networks of namespaces for real gateways: topologies, impaired links, captures, and nothing left behind.

    from lab.laboratory import Laboratory
    with Laboratory("two-gateways") as laboratory:
        laboratory.nodes["a"].run(["ping", "-c", "1", laboratory.nodes["b"].address("outer")])
"""
