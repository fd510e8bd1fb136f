"""Places: which city, hub, country, organisation or author a record belongs to."""

from innovation_graph.places.clusters import ClusterRule, find_clusters
from innovation_graph.places.coordinates import with_coordinates
from innovation_graph.places.leftover import cities_of_places, unlocated
from innovation_graph.places.locating import Located, locate
from innovation_graph.places.reading import SETS, get, read_places
from innovation_graph.places.sets import Places, cluster_set, gihi2024, open_set

__all__ = [
    "SETS",
    "ClusterRule",
    "Located",
    "Places",
    "cities_of_places",
    "cluster_set",
    "find_clusters",
    "get",
    "gihi2024",
    "locate",
    "open_set",
    "read_places",
    "unlocated",
    "with_coordinates",
]
