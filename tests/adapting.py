"""Reading files through an adapter alone, without the places that `ingest` finds afterwards."""

from innovation_graph.sources._reading import Reading


def collect(adapter, files, folder, *, encoding=None, columns=None):
    """Return the works of files, and the reading with its counts; rejects lie in `folder/rejects.jsonl`.

    As in `ingest`, it is an error if the first thing that happens is a file of no use and no work comes.
    """
    folder.mkdir(exist_ok=True)
    reading = Reading(folder, encoding=encoding, options=adapter.prepare(columns))
    works = []
    for lot in [list(files)] if adapter.together else [[file] for file in files]:
        reading.file = str(lot[0])
        works.extend(adapter.read(lot, reading))
    reading.rejects.flush()
    if reading.error is not None and not works:
        raise reading.error
    return works, reading
