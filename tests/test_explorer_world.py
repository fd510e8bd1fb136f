"""The flat world: a projection with known properties, land that is cut where the map ends, lines of one's own."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovation_graph.errors import FormatError, UnknownNameError
from innovation_graph.views import world


def test_published_extent_of_equal_earth():
    # Savric et al. (2019): the equator is 2.7066 radii long on either side, the poles lie at 1.3174.
    assert world.equal_earth(180, 0) == pytest.approx([2.70663, 0], abs=1e-5)
    assert world.equal_earth(0, 90) == pytest.approx([0, 1.31736], abs=1e-5)


@given(lon=st.floats(-179, 179), lat=st.floats(-88, 88))
def test_areas_are_in_proportion(lon, lat):
    step = 1e-3
    dx = (world.equal_earth(lon + step, lat) - world.equal_earth(lon - step, lat)) / np.radians(2 * step)
    dy = (world.equal_earth(lon, lat + step) - world.equal_earth(lon, lat - step)) / np.radians(2 * step)
    assert dx[0] * dy[1] - dx[1] * dy[0] == pytest.approx(np.cos(np.radians(lat)), rel=1e-4)


def test_the_middle_of_each_map_and_which_way_is_up():
    for centre, lon in world.CENTRES.items():
        assert world.flat(lon, 0, centre) == pytest.approx([0, 0], abs=1e-9)
        assert world.flat(lon + 360, 50, centre)[1] < 0
    beijing, boston = world.flat([116.4, -71.1], [39.9, 42.4], "pacific")
    assert beijing[0] < boston[0]
    west, east = world.flat([-71.1, 116.4], [42.4, 39.9], "atlantic")
    assert west[0] < east[0]
    assert np.isnan(world.flat(np.nan, 10)).all()


def covered(rings):
    """Area inside rings, by the shoelace rule."""
    return sum(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 for x, y in (ring.T for ring in rings))


def test_land_is_the_same_on_both_maps_and_about_as_large_as_it_is():
    areas = {centre: covered(world.land(centre)) for centre in world.CENTRES}
    assert areas["atlantic"] == pytest.approx(areas["pacific"], rel=1e-3)
    # Land without Antarctica is 26.4 percent of the globe; lakes count as land here.
    assert areas["pacific"] / world.SCALE**2 / (4 * np.pi) == pytest.approx(0.264, abs=0.006)
    for centre in world.CENTRES:
        points = np.concatenate(world.land(centre))
        assert np.abs(points[:, 0]).max() <= 2.70663 * world.SCALE + 1
        # No side of a ring leaps across the map.
        leaps = [np.abs(np.diff(ring[:, 0])).max() for ring in world.land(centre)]
        assert max(leaps) < 0.5 * world.SCALE


def test_lines_are_parted_at_the_edge_of_the_map(tmp_path):
    line = {"type": "LineString", "coordinates": [[150, 10], [179, 10], [-179, 10], [-150, 10]]}
    (whole,) = world.lines(line, "pacific")
    assert len(whole) == 4
    parted = world.lines(
        {
            "type": "Feature",
            "properties": {},
            "geometry": {**line, "coordinates": [[10, 0], [-24, 0], [-26, 0], [-60, 0]]},
        },
        "pacific",
    )
    assert [len(part) for part in parted] == [2, 2]
    ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    path = tmp_path / "lines.geojson"
    path.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "geometry": ring}, {"type": "Feature", "geometry": None}],
            }
        )
    )
    assert len(world.lines(path)) == 1


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"type": "Circle"}',
        '{"type": "Point", "coordinates": [0, 0]}',
        '{"type": "LineString", "coordinates": [[0, 100], [0, 0]]}',
        '{"type": "LineString", "coordinates": [["a", "b"]]}',
    ],
)
def test_what_is_no_geojson_is_refused(tmp_path, content):
    path = tmp_path / "lines.geojson"
    path.write_text(content)
    with pytest.raises(FormatError, match="expected GeoJSON with lines or areas"):
        world.lines(path)


def test_unknown_centre():
    with pytest.raises(UnknownNameError, match=r"centre of the map 'indian'.*atlantic, pacific"):
        world.land("indian")
