"""Places: which city, hub, country, organisation or author a record belongs to."""

from innovation_graph.places.leftover import unlocated
from innovation_graph.places.locating import Located, locate
from innovation_graph.places.reading import SETS, get, read_places
from innovation_graph.places.sets import Places, gihi2024, open_set

__all__ = ["SETS", "Located", "Places", "get", "gihi2024", "locate", "open_set", "read_places", "unlocated"]
