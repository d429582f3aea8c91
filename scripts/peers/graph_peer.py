"""Times one graph library on an edge list: graph_peer.py PEER FILE SECONDS WORK... prints one JSON line per piece of work.

Edges are `u v`: u depends on v; node 0 is the root. Used by scripts/compare-peers.
"""
import json
import resource
import sys
import time


class Clock:
    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu


def emit(op, clock, result, factor=1.0):
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = {"peer": PEER, "op": op, "wall_s": clock.wall * factor, "cpu_s": clock.cpu * factor, "rss_kb": memory}
    print(json.dumps({**line, "result": result, "scaled": factor != 1.0}), flush=True)


def timed(op, work):
    """The best of up to five runs."""
    if op not in WORK:
        return
    best, spent = None, 0.0
    for _ in range(5):
        with Clock() as clock:
            result = work()
        best = clock if best is None or clock.cpu < best.cpu else best
        spent += clock.wall
        if SECONDS < spent:
            break
    emit(op, best, result)


def each_node(one, nodes):
    """`one` on every node, or on as many spread over all as fit the time."""
    if "blast_all" not in WORK:
        return
    step = 7919
    total = done = 0
    start = time.perf_counter()
    with Clock() as clock:
        for index in range(nodes):
            total += one(index * step % nodes)
            done += 1
            if SECONDS < time.perf_counter() - start:
                break
    emit("blast_all", clock, total, nodes / done)


def networkx():
    import networkx as nx

    with Clock() as clock:
        graph = nx.read_edgelist(FILE, create_using=nx.DiGraph, nodetype=int)
    emit("load", clock, graph.number_of_edges())
    nodes = graph.number_of_nodes()
    timed("scc", lambda: sum(1 for _ in nx.strongly_connected_components(graph)))
    # networkx lists the root among the dominators of nothing; the others list it as its own.
    timed("idom", lambda: len({d for n, d in nx.immediate_dominators(graph, 0).items() if n != 0}))
    if "articulation" in WORK:
        plain = graph.to_undirected()
        timed("articulation", lambda: sum(1 for _ in nx.articulation_points(plain)))
    timed("blast_one", lambda: len(nx.ancestors(graph, leaf(nodes))))
    each_node(lambda node: len(nx.ancestors(graph, node)), nodes)


def igraph():
    import igraph as ig

    with Clock() as clock:
        graph = ig.Graph.Read_Edgelist(FILE, directed=True)
    emit("load", clock, graph.ecount())
    nodes = graph.vcount()
    timed("scc", lambda: len(graph.connected_components(mode="strong")))
    timed("idom", lambda: len({d for d in graph.dominator(0, mode="out") if 0 <= d}))
    if "articulation" in WORK:
        plain = graph.as_undirected(mode="collapse")
        timed("articulation", lambda: len(plain.articulation_points()))
    timed("blast_one", lambda: len(graph.subcomponent(leaf(nodes), mode="in")) - 1)
    each_node(lambda node: len(graph.subcomponent(node, mode="in")) - 1, nodes)


def rustworkx():
    import rustworkx as rx

    with Clock() as clock:
        graph = rx.PyDiGraph.read_edge_list(FILE)
    emit("load", clock, graph.num_edges())
    nodes = graph.num_nodes()
    timed("scc", lambda: len(rx.strongly_connected_components(graph)))
    timed("idom", lambda: len({d for n, d in rx.immediate_dominators(graph, 0).items() if n != 0}))
    if "articulation" in WORK:
        plain = graph.to_undirected(multigraph=False)
        timed("articulation", lambda: len(rx.articulation_points(plain)))
    timed("blast_one", lambda: len(rx.ancestors(graph, leaf(nodes))))
    each_node(lambda node: len(rx.ancestors(graph, node)), nodes)


def networkit():
    import networkit as nk
    import numpy as np

    with Clock() as clock:
        reader = nk.graphio.EdgeListReader(" ", 0, "#", continuous=True, directed=True)
        graph = reader.read(FILE)
    emit("load", clock, graph.numberOfEdges())
    nodes = graph.numberOfNodes()

    def components():
        found = nk.components.StronglyConnectedComponents(graph)
        found.run()
        return found.numberOfComponents()

    timed("scc", components)
    turned = nk.graphtools.transpose(graph)

    def ancestors(node):
        search = nk.distance.BFS(turned, node, False)
        search.run()
        return int((np.asarray(search.getDistances()) < 1e18).sum()) - 1

    timed("blast_one", lambda: ancestors(leaf(nodes)))
    if "blast_all" in WORK and nodes <= 200_000:
        with Clock() as clock:
            reachable = nk.reachability.ReachableNodes(turned, True)
            reachable.run()
            total = sum(reachable.numberOfReachableNodes(node) - 1 for node in range(nodes))
        emit("blast_all", clock, total)


def leaf(nodes):
    """A node of the deepest layer."""
    return nodes - 1 - nodes // 200


if __name__ == "__main__":
    PEER, FILE, SECONDS, WORK = sys.argv[1], sys.argv[2], float(sys.argv[3]), set(sys.argv[4:])
    {"networkx": networkx, "igraph": igraph, "rustworkx": rustworkx, "networkit": networkit}[PEER]()
