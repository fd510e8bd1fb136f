from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor

from innovation_graph import Network, Selection, centrality, gravity, incidence, places, project
from innovation_graph.errors import NetworkError, UnknownNameError
from innovation_graph.places.sphere import great_circle_km
from innovation_graph.samples import sample_records


def world(n, seed, *, noise=True, slopes=(-3.0, 0.7, -0.5, 0.8)):
    """Make places at random and ties that follow a gravity law, with or without Poisson noise."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "lat": rng.uniform(-50, 65, n),
            "lon": rng.uniform(-180, 180, n),
            "works": np.round(rng.pareto(1.5, n) * 200 + 20),
            "country": rng.choice(list("ABC"), n),
        },
        index=[f"p{i}" for i in range(n)],
    )
    matrix = np.zeros((n, n))
    for (i, j), terms in zip(combinations(range(n), 2), pair_terms(table), strict=True):
        mean = np.exp(np.dot(slopes, terms))
        matrix[i, j] = matrix[j, i] = rng.poisson(mean) if noise else mean
    return Network.from_matrix(matrix, table)


def pair_terms(table, size="works", floor_km=10.0):
    """List the terms of all pairs of places, one by one."""
    rows = []
    for (_, a), (_, b) in combinations(table.iterrows(), 2):
        km = max(float(great_circle_km(a["lat"], a["lon"], b["lat"], b["lon"])), floor_km)
        rows.append([1.0, np.log(a[size]) + np.log(b[size]), np.log(km), float(a["country"] == b["country"])])
    return np.array(rows)


def dense(network, *, domestic=True):
    terms = pair_terms(network.places)
    ties = network.adjacency.toarray()[np.triu_indices(network.n_places, 1)]
    return (terms if domestic else terms[:, :3]), ties


def weighted_least_squares(terms, ties):
    """Fit by repeated least squares on the working response (another way to the same maximum)."""
    height = np.log(ties + 0.5)
    for _ in range(60):
        mean = np.exp(height)
        root = np.sqrt(mean)
        estimate = np.linalg.lstsq(terms * root[:, None], root * (height + (ties - mean) / mean), rcond=None)[0]
        height = terms @ estimate
    return estimate


@pytest.mark.parametrize("domestic", [False, True])
@pytest.mark.parametrize(("n", "seed"), [(8, 1), (25, 2), (40, 3)])
def test_estimate_against_other_ways_to_the_maximum(n, seed, domestic):
    network = world(n, seed)
    terms, ties = dense(network, domestic=domestic)
    assert (ties == 0).any()
    found = gravity.fit(network, domestic=domestic)
    names = ["intercept", "log_sizes", "log_km", "same_country"]
    assert found.coefficients.index.tolist() == names[: 3 + domestic]
    estimate = found.coefficients["estimate"].to_numpy()
    np.testing.assert_allclose(estimate, weighted_least_squares(terms, ties), rtol=1e-9)
    # The equations of the maximum, which has no rival: residuals are orthogonal to every term.
    mean = np.exp(terms @ estimate)
    np.testing.assert_allclose(terms.T @ mean, terms.T @ ties, rtol=1e-9)
    learnt = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10, max_iter=500).fit(terms[:, 1:], ties)
    np.testing.assert_allclose(estimate, [learnt.intercept_, *learnt.coef_], rtol=1e-5)
    assert found.deviance_explained == pytest.approx(learnt.score(terms[:, 1:], ties), abs=1e-9)
    assert (found.n_places, found.n_pairs, found.left_out) == (n, len(ties), ())


def standard_errors(terms, ties, estimate, pairs):
    """Sandwich estimates, every pair of pairs looked at."""
    mean = np.exp(terms @ estimate)
    score = terms * (ties - mean)[:, None]
    bread = np.linalg.inv((terms * mean[:, None]).T @ terms)
    alone, shared = np.zeros((2, *bread.shape))
    for d, one in enumerate(pairs):
        for e, other in enumerate(pairs):
            product = np.outer(score[d], score[e])
            alone += product if d == e else 0
            shared += product if set(one) & set(other) else 0
    variances = (np.diag(bread @ meat @ bread) for meat in (alone, shared))
    return [np.sqrt(np.where(variance > 0, variance, np.nan)) for variance in variances]


@pytest.mark.parametrize(("n", "seed"), [(6, 4), (14, 5), (20, 6)])
def test_standard_errors_against_all_pairs_of_pairs(n, seed):
    network = world(n, seed)
    terms, ties = dense(network)
    found = gravity.fit(network, domestic=True).coefficients
    robust, dyadic = standard_errors(terms, ties, found["estimate"], list(combinations(range(n), 2)))
    np.testing.assert_allclose(found["std_error"], robust, rtol=1e-7)
    np.testing.assert_allclose(found["std_error_dyadic"], dyadic, rtol=1e-7)


def test_an_exact_law_is_found_exactly():
    slopes = (-4.0, 0.8, -0.6, 1.2)
    network = world(12, 7, noise=False, slopes=slopes)
    found = gravity.fit(network, domestic=True)
    np.testing.assert_allclose(found.coefficients["estimate"], slopes, rtol=1e-9)
    assert found.coefficients["std_error"].max() < 1e-9
    assert found.deviance_explained == pytest.approx(1, abs=1e-12)
    table = gravity.table(network, found)
    np.testing.assert_allclose(table["ratio"], 1, rtol=1e-9)
    np.testing.assert_allclose(table["expected"], table["weight"], rtol=1e-9)
    assert repr(found) == (
        "<Gravity: 66 pairs of 12 places, intercept -4, log_sizes 0.8, log_km -0.6, same_country 1.2>"
    )


def test_table_and_network_of_intensities():
    network = world(15, 8)
    found = gravity.fit(network, domestic=True)
    table = gravity.table(network, found)
    terms, ties = dense(network)
    linked = ties > 0
    pd.testing.assert_frame_equal(table[["source", "target", "weight"]], network.links())
    np.testing.assert_allclose(table["km"], np.exp(terms[linked, 2]), rtol=1e-9)
    expected = np.exp(terms @ found.coefficients["estimate"].to_numpy())[linked]
    np.testing.assert_allclose(table["expected"], expected, rtol=1e-9)
    np.testing.assert_allclose(table["ratio"], ties[linked] / expected, rtol=1e-9)
    similar = gravity.relative_intensity(network, found)
    np.testing.assert_array_equal(similar.upper.data, table["ratio"])
    pd.testing.assert_frame_equal(similar.places, network.places)
    about = similar.provenance
    assert (about["weights"], about["links_left_out"]) == ("relative intensity", 0)
    assert about["gravity"] == {"size": "works", "floor_km": 10.0, **found.coefficients["estimate"].to_dict()}
    # Without a model its own is fitted, with the defaults.
    pd.testing.assert_frame_equal(gravity.table(network), gravity.table(network, gravity.fit(network)))
    assert gravity.relative_intensity(network) == gravity.relative_intensity(network, gravity.fit(network))


def test_a_model_can_be_taken_to_another_network():
    first, second = world(12, 9), world(12, 10)
    found = gravity.fit(first)
    terms, ties = dense(second, domestic=False)
    expected = np.exp(terms @ found.coefficients["estimate"].to_numpy())[ties > 0]
    np.testing.assert_allclose(gravity.table(second, found)["expected"], expected, rtol=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 10_000), st.sampled_from([1e-6, 0.3, 1e6]), st.randoms(use_true_random=False))
def test_scaling_moves_the_intercept_only_and_order_does_not_matter(seed, factor, random):
    network = world(12, seed)
    found = gravity.fit(network)
    scaled = Network(network.places, network.upper * factor)
    after = gravity.fit(scaled)
    shift = np.array([np.log(factor), 0, 0])
    np.testing.assert_allclose(after.coefficients["estimate"], found.coefficients["estimate"] + shift, atol=1e-7)
    for column in ("std_error", "std_error_dyadic"):
        np.testing.assert_allclose(after.coefficients[column], found.coefficients[column], rtol=1e-6)
    assert after.deviance_explained == pytest.approx(found.deviance_explained, abs=1e-9)
    np.testing.assert_allclose(gravity.table(scaled)["ratio"], gravity.table(network)["ratio"], rtol=1e-6)
    order = list(range(12))
    random.shuffle(order)
    moved = Network.from_matrix(network.adjacency.toarray()[np.ix_(order, order)], network.places.iloc[order])
    pd.testing.assert_frame_equal(gravity.fit(moved).coefficients, found.coefficients, rtol=1e-6)
    expected = gravity.relative_intensity(network).adjacency.toarray()[np.ix_(order, order)]
    np.testing.assert_allclose(gravity.relative_intensity(moved).adjacency.toarray(), expected, rtol=1e-6)


def test_many_places_in_several_pieces_give_the_same_as_one_piece():
    n = 730  # more pairs than are looked at together
    rng = np.random.default_rng(11)
    table = pd.DataFrame(
        {"lat": rng.uniform(-50, 65, n), "lon": rng.uniform(-180, 180, n), "works": rng.uniform(10, 900, n)},
        index=[f"p{i}" for i in range(n)],
    )
    i, j = np.triu_indices(n, 1)
    size = np.log(table["works"].to_numpy())
    lat, lon = table["lat"].to_numpy(), table["lon"].to_numpy()
    km = np.maximum(great_circle_km(lat[i], lon[i], lat[j], lon[j]), 10)
    terms = np.column_stack([np.ones(len(i)), size[i] + size[j], np.log(km)])
    ties = rng.poisson(np.exp(terms @ [-6, 0.9, -0.6])).astype(float)
    matrix = np.zeros((n, n))
    matrix[i, j] = matrix[j, i] = ties
    estimate = gravity.fit(Network.from_matrix(matrix, table)).coefficients["estimate"].to_numpy()
    np.testing.assert_allclose(terms.T @ np.exp(terms @ estimate), terms.T @ ties, rtol=1e-9)


def test_places_without_data_are_left_out_and_said_so():
    network = world(14, 12)
    table = network.places
    table.loc["p1", "lat"] = np.nan
    table.loc["p2", "works"] = 0
    table.loc["p3", "works"] = np.nan
    table.loc["p4", "country"] = None
    holed = network.with_places(table)
    found, abroad = gravity.fit(holed), gravity.fit(holed, domestic=True)
    assert found.left_out == ("p1", "p2", "p3")
    assert abroad.left_out == ("p1", "p2", "p3", "p4")
    assert (found.n_places, found.n_pairs) == (11, 55)
    rest = gravity.fit(network.subset([name for name in network.ids if name not in found.left_out]))
    pd.testing.assert_frame_equal(found.coefficients, rest.coefficients)
    judged = gravity.table(holed, found)
    out = judged["source"].isin(found.left_out) | judged["target"].isin(found.left_out)
    assert out.any()
    assert (judged["ratio"].isna() == out).all()
    assert (judged["expected"].isna() == out).all()
    similar = gravity.relative_intensity(holed, found)
    assert similar.n_links == (~out).sum()
    assert similar.provenance["links_left_out"] == out.sum()
    assert similar.n_places == 14


def test_near_places_count_as_floor_km_apart():
    network = world(12, 13)
    table = network.places
    table.loc["p1", ["lat", "lon"]] = table.loc["p0", ["lat", "lon"]]
    twins = network.with_places(table)
    for floor_km in (1.0, 500.0):
        found = gravity.fit(twins, floor_km=floor_km)
        terms, ties = pair_terms(table, floor_km=floor_km)[:, :3], dense(twins)[1]
        np.testing.assert_allclose(found.coefficients["estimate"], weighted_least_squares(terms, ties), rtol=1e-8)
        assert found.floor_km == floor_km


def test_sizes_may_be_strengths_or_any_column():
    network = world(14, 14)
    strength = centrality.strength(network)
    column = network.with_places(network.places.assign(people=strength))
    by_strength = gravity.fit(network, size="strength")
    pd.testing.assert_frame_equal(by_strength.coefficients, gravity.fit(column, size="people").coefficients)
    assert by_strength.size == "strength"


def test_what_cannot_be_fitted_is_refused():
    network = world(12, 15)
    with pytest.raises(UnknownNameError, match="unknown size 'fame'; known: "):
        gravity.fit(network, size="fame")
    with pytest.raises(NetworkError, match="column 'country' of the place table must hold numbers to be a size"):
        gravity.fit(network, size="country")
    for floor_km in (0, -1, np.nan, np.inf):
        with pytest.raises(NetworkError, match="floor_km must be a positive number of km"):
            gravity.fit(network, floor_km=floor_km)
    with pytest.raises(NetworkError, match="needs three places with coordinates and works, not 2 of 2"):
        gravity.fit(network.subset(["p0", "p1"]))
    nothing = network.keep_links(np.zeros(network.n_links, dtype=bool))
    with pytest.raises(NetworkError, match="no two places that the gravity model knows are linked"):
        gravity.fit(nothing)
    with pytest.raises(NetworkError, match="log_sizes: the same for all pairs of places"):
        gravity.fit(network.with_places(network.places.assign(works=5.0)))
    with pytest.raises(NetworkError, match="log_sizes and log_km: the same for all pairs of places"):
        gravity.fit(network.with_places(network.places.assign(works=5.0, lat=1.0, lon=2.0)))
    with pytest.raises(NetworkError, match="same_country: the same for all pairs of places"):
        gravity.fit(network.with_places(network.places.assign(country="A")), domestic=True)
    country = network.places["country"].to_numpy()
    first, second, _ = network.pairs
    home = country[first] == country[second]
    with pytest.raises(NetworkError, match="no tie between countries"):
        gravity.fit(network.keep_links(home), domestic=True)
    with pytest.raises(NetworkError, match="no tie inside countries"):
        gravity.fit(network.keep_links(~home), domestic=True)


def test_a_maximum_at_infinity_is_refused():
    # The one tie is that of the two largest places: the effect of size could be as large as one likes.
    network = world(10, 16)
    table = network.places.assign(works=np.arange(10, 20) ** 3.0)
    ties = np.zeros((10, 10))
    ties[8, 9] = ties[9, 8] = 4
    with pytest.raises(NetworkError, match="no finite maximum: the ties are too few"):
        gravity.fit(Network.from_matrix(ties, table))


def test_on_the_sample_near_and_domestic_ties_are_stronger():
    records = sample_records()
    located = places.locate(records, places.gihi2024())
    network = project(incidence.stream(records, located, Selection(kind="paper", years=(2023, 2023))))
    found = gravity.fit(network, domestic=True)
    slopes, error = found.coefficients["estimate"], found.coefficients["std_error_dyadic"]
    # The sample is made with ties that grow with size and fall with distance.
    assert slopes["log_sizes"] > 5 * error["log_sizes"]
    assert slopes["log_km"] < -5 * error["log_km"]
    assert slopes["same_country"] > 0
    assert found.left_out == ()
    assert found.n_pairs == 7140
