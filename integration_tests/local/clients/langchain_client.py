"""Reads with langchain-astradb what the connector wrote: the store detects the layout of
the documents by itself, searches with scores and a filter, and finds the metadata.

usage: langchain_client.py ENDPOINT TOKEN COLLECTION STREAM
"""

import sys

from astrapy import DataAPIClient
from astrapy.constants import Environment
from langchain_astradb import AstraDBVectorStore
from langchain_core.embeddings import Embeddings


class StoredVectors(Embeddings):
    """Embeds a question as the vector of a stored document: there is no model here."""

    def __init__(self, collection):
        self.collection = collection

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        found = self.collection.find_one({"_ab_record_id": text}, projection={"$vector": True})
        return [float(x) for x in found["$vector"]]


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def main(endpoint, token, name, stream):
    client = DataAPIClient(environment=Environment.OTHER)
    collection = client.get_database(endpoint, token=token, keyspace="default_keyspace").get_collection(name)
    store = AstraDBVectorStore(
        collection_name=name,
        embedding=StoredVectors(collection),
        api_endpoint=endpoint,
        token=token,
        namespace="default_keyspace",
        environment=Environment.OTHER,
        autodetect_collection=True,
        content_field="text",
    )
    asked = f"{stream}_2"
    hits = store.similarity_search_with_score(asked, k=2)
    expect(len(hits), 2, "hits")
    document, score = hits[0]
    expect(document.metadata["_ab_record_id"], asked, "nearest")
    expect(document.metadata["_ab_stream"], stream, "stream")
    expect(document.metadata["category"], "b", "metadata")
    expect("second article" in document.page_content, True, "text")
    expect(score >= hits[1][1], True, "order") # of a hybrid search where the collection has it
    nearest = store.similarity_search_with_score_by_vector(StoredVectors(collection).embed_query(asked), k=2)
    expect(nearest[0][0].metadata["_ab_record_id"], asked, "nearest by vector")
    expect(nearest[0][1] > 0.999 and nearest[0][1] >= nearest[1][1], True, "scores")
    only = store.similarity_search(asked, k=5, filter={"category": "a"})
    expect({d.metadata["category"] for d in only}, {"a"}, "filtered")
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
