"""Uses a local Data API through astrapy as a program would: create, load, search, page,
update, delete. Prints "ok" at the end; any difference is an exception.

usage: astrapy_client.py ENDPOINT TOKEN
"""

import datetime
import sys
import uuid

from astrapy import DataAPIClient
from astrapy.api_options import APIOptions, SerdesOptions
from astrapy.constants import Environment, ReturnDocument, VectorMetric
from astrapy.data_types import DataAPIVector
from astrapy.exceptions import CollectionInsertManyException, DataAPIResponseException
from astrapy.ids import ObjectId
from astrapy.info import CollectionDefinition

DIMENSION = 8
DOCUMENTS = 120


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def vector(n):
    """A direction that turns slowly with n."""
    return [1.0, n / DOCUMENTS] + [0.0] * (DIMENSION - 2)


def create(database):
    database.drop_collection("from_astrapy")  # of a run that was stopped
    definition = (
        CollectionDefinition.builder()
        .with_vector_dimension(DIMENSION)
        .with_vector_metric(VectorMetric.COSINE)
        .with_indexing("deny", ["text"])
        .build()
    )
    collection = database.create_collection("from_astrapy", definition=definition)
    database.create_collection("from_astrapy", definition=definition)  # again, the same
    expect(database.list_collection_names().count("from_astrapy"), 1, "collections")
    expect(collection.options().vector.dimension, DIMENSION, "dimension")
    try:
        other = CollectionDefinition.builder().with_vector_dimension(DIMENSION + 1).build()
        database.create_collection("from_astrapy", definition=other)
        raise AssertionError("another dimension was accepted")
    except DataAPIResponseException as error:
        expect(error.error_descriptors[0].error_code, "EXISTING_COLLECTION_DIFFERENT_SETTINGS", "code")
    return collection


def load(collection):
    documents = [
        {"_id": f"d{n:03}", "n": n, "even": n % 2 == 0, "text": "x" * 9000, "$vector": vector(n)}
        for n in range(DOCUMENTS)
    ]
    result = collection.insert_many(documents, concurrency=4)
    expect(len(result.inserted_ids), DOCUMENTS, "inserted")
    try:
        collection.insert_many([{"_id": "d000"}, {"_id": "new"}])
        raise AssertionError("a duplicate was accepted")
    except CollectionInsertManyException as error:
        expect(error.inserted_ids, ["new"], "inserted beside a duplicate")
        expect(error.exceptions[0].error_descriptors[0].error_code, "DOCUMENT_ALREADY_EXISTS", "code")
    collection.delete_one({"_id": "new"})


def types(collection):
    """What JSON cannot say comes back as it went."""
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    sent = {"_id": uuid.uuid4(), "when": when, "object": ObjectId(), "list": [1, 2.5, None, {"a": True}]}
    collection.insert_one(sent)
    got = collection.find_one({"_id": sent["_id"]})
    expect(got["object"], sent["object"], "object id")
    expect(got["when"].to_datetime(tz=datetime.timezone.utc), when, "date")
    expect(got["list"], sent["list"], "list")
    expect(collection.find_one({"when": {"$gt": when - datetime.timedelta(days=1)}})["_id"], sent["_id"], "by date")
    collection.delete_one({"_id": sent["_id"]})


def search(collection):
    cursor = collection.find(
        {"even": True},
        sort={"$vector": DataAPIVector(vector(10))},
        projection={"n": True},
        limit=3,
        include_similarity=True,
        include_sort_vector=True,
    )
    hits = list(cursor)
    expect(hits[0]["n"], 10, "nearest")
    expect(sorted(h["n"] for h in hits), [8, 10, 12], "neighbours")
    if not hits[0]["$similarity"] > hits[1]["$similarity"]:
        raise AssertionError("similarities are not ordered")
    expect(len(cursor.get_sort_vector()), DIMENSION, "sort vector")


def page(collection):
    expect(len(list(collection.find({}, projection={"_id": True}))), DOCUMENTS, "all pages")
    expect(len(list(collection.find({"n": {"$lt": 70}}, limit=60))), 60, "a limit over one page")
    expect([d["n"] for d in collection.find({}, sort={"n": -1}, limit=3, skip=1)], [118, 117, 116], "sorted")
    expect(collection.distinct("even"), [True, False], "distinct")
    expect(collection.count_documents({"even": True}, upper_bound=100), DOCUMENTS // 2, "count")


def update(collection):
    result = collection.update_one({"_id": "d001"}, {"$set": {"o.p": 1}, "$inc": {"n": 1000}, "$push": {"l": 1}})
    expect(result.update_info["nModified"], 1, "modified")
    expect(collection.find_one({"n": 1001})["o"], {"p": 1}, "updated")
    result = collection.update_many({"even": True}, {"$set": {"seen": True}})
    expect(result.update_info["nModified"], DOCUMENTS // 2, "modified by pages")
    after = collection.find_one_and_update(
        {"_id": "u"}, {"$set": {"n": 1}}, upsert=True, return_document=ReturnDocument.AFTER
    )
    expect(after, {"_id": "u", "n": 1}, "upserted")
    before = collection.find_one_and_replace({"_id": "u"}, {"m": 2})
    expect(before, {"_id": "u", "n": 1}, "replaced")
    expect(collection.find_one_and_delete({"_id": "u"}), {"_id": "u", "m": 2}, "deleted")
    expect(collection.replace_one({"_id": "none"}, {}).update_info["n"], 0, "replaced nothing")


def delete(database, collection):
    expect(collection.delete_many({"even": True}).deleted_count, DOCUMENTS // 2, "deleted by pages")
    expect(collection.delete_one({"_id": "d001"}).deleted_count, 1, "deleted one")
    collection.delete_many({})
    expect(collection.find_one({}), None, "after the truncation")
    collection.drop()
    expect("from_astrapy" in database.list_collection_names(), False, "collections at the end")


def main(endpoint, token):
    client = DataAPIClient(
        environment=Environment.OTHER,
        api_options=APIOptions(serdes_options=SerdesOptions(datetime_tzinfo=datetime.timezone.utc)),
    )
    database = client.get_database(endpoint, token=token, keyspace="default_keyspace")
    expect("default_keyspace" in client.get_database(endpoint, token=token).get_database_admin().list_keyspaces(), True,
           "keyspaces")
    collection = create(database)
    load(collection)
    types(collection)
    search(collection)
    page(collection)
    update(collection)
    delete(database, collection)
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
