"""Layouts whose shape is known beforehand."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from innovation_graph import Network
from innovation_graph.errors import NetworkError
from innovation_graph.views.layout import MOST_PLACES, STEP, kamada_kawai


def network_of(links, n, **table):
    ids = [f"p{i}" for i in range(n)]
    places = pd.DataFrame({"name_en": ids, **table}, index=pd.Index(ids, name="place_id"))
    edges = pd.DataFrame([(f"p{a}", f"p{b}", w) for a, b, w in links], columns=["source", "target", "weight"])
    return Network.from_edges(edges, places)


def ring(n):
    return [(i, (i + 1) % n, 1) for i in range(n)]


def test_a_ring_is_drawn_as_a_circle():
    spot = kamada_kawai(network_of(ring(12), 12))
    radius = np.hypot(*(spot - spot.mean(axis=0)).T)
    assert radius.max() / radius.min() < 1.03
    gaps = np.hypot(*(spot - np.roll(spot, 1, axis=0)).T)
    assert gaps.max() / gaps.min() < 1.05


def test_a_chain_is_drawn_as_a_chain_from_west_to_east():
    links = [(i, i + 1, 1) for i in range(6)]
    chain = network_of(links, 7, lon=[120.0, 100, 80, 60, 40, 20, 0], lat=[0.0] * 7)
    spot = kamada_kawai(chain, closeness=chain)
    assert np.all(np.diff(spot[:, 0]) < 0)
    far = np.hypot(*(spot[0] - spot).T)
    assert np.all(np.diff(far) > 0)
    assert np.ptp(spot[:, 1]) < 0.25 * np.ptp(spot[:, 0])


def test_north_is_up_and_east_is_right():
    # A comb: long from west to east, with a tooth to the north at one end.
    links = [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 4, 1), (4, 5, 1), (5, 6, 1)]
    lat, lon = [0.0, 0, 0, 0, 0, 20, 40], [0.0, 10, 20, 30, 40, 40, 40]
    net = network_of([*links, (3, 5, 1), (4, 6, 1)], 7, lat=lat, lon=lon)
    spot = kamada_kawai(net)
    assert np.corrcoef(spot[:, 0], lon)[0, 1] > 0
    assert np.corrcoef(spot[:, 1], lat)[0, 1] <= 0


def test_stronger_than_chance_means_nearer():
    # Two teams of five with strong ties inside and one weak tie between them.
    team = [(a, b, 10) for a in range(5) for b in range(a)]
    links = [*team, *((a + 5, b + 5, w) for a, b, w in team), (0, 5, 1)]
    spot = kamada_kawai(network_of(links, 10))
    inside = max(pdist(spot[:5]).max(), pdist(spot[5:]).max())
    between = np.hypot(*(spot[:5].mean(axis=0) - spot[5:].mean(axis=0)))
    assert between > inside


def test_components_and_isolates_stand_apart():
    links = [*ring(8), *((a + 8, b + 8, w) for a, b, w in ring(5)), (13, 14, 1)]
    spot = kamada_kawai(network_of(links, 17))
    boxes = [
        (spot[group].min(axis=0), spot[group].max(axis=0))
        for group in (slice(0, 8), slice(8, 13), slice(13, 15), [15], [16])
    ]
    for k, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:k]:
            assert np.any(low > other_high + 1) or np.any(high < other_low - 1)
    assert np.allclose(spot.min(axis=0), -spot.max(axis=0), atol=0.11)


@pytest.mark.parametrize("isolates", [1, 12, 87, 600])
def test_isolates_leave_most_of_the_picture_to_the_linked_places(isolates):
    spot = kamada_kawai(network_of([*ring(33), (0, 16, 1)], 33 + isolates))
    linked, alone = spot[:33], spot[33:]
    assert np.ptp(linked[:, 1]) >= 0.7 * np.ptp(spot[:, 1])
    assert np.ptp(linked[:, 0]) == pytest.approx(np.ptp(spot[:, 0]), abs=0.2)
    assert alone[:, 1].min() > linked[:, 1].max()
    assert len(np.unique(alone, axis=0)) == isolates


def test_no_two_places_on_one_spot():
    # The leaves of a star have no reason to stand anywhere in particular.
    spot = kamada_kawai(network_of([(0, i, 1) for i in range(1, 30)], 30))
    assert pdist(spot).min() > 0.4 * STEP


def test_same_seed_same_layout_whatever_the_state_of_the_generators():
    import random

    net = network_of([*ring(9), (0, 4, 3)], 9)
    first = kamada_kawai(net, seed=3)
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002 - the global generator is what must not matter
    assert np.array_equal(first, kamada_kawai(net, seed=3))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_tiny_networks(n):
    spot = kamada_kawai(network_of([(i, i + 1, 1) for i in range(n - 1)], n))
    assert spot.shape == (n, 2)
    assert np.isfinite(spot).all()
    assert len(np.unique(spot, axis=0)) == n


def test_too_many_places_are_refused_with_advice():
    ids = [f"p{i}" for i in range(MOST_PLACES + 1)]
    empty = Network.from_edges(pd.DataFrame({"source": [], "target": []}), ids, weight=None)
    with pytest.raises(NetworkError, match=r"at most 3,000 places.*Network\.subset.*--countries"):
        kamada_kawai(empty)


def test_closeness_must_cover_the_links():
    with pytest.raises(NetworkError, match="no link p1 - p2"):
        kamada_kawai(network_of([(0, 1, 1), (1, 2, 1)], 3), network_of([(0, 1, 1)], 3))
