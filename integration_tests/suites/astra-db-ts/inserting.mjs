// insertOne and insertMany: ordered, unordered, in chunks, and what is left when a part fails.

import {
  CollectionInsertManyError, DataAPIResponseError, DataAPITimeoutError, ObjectId, UUID, vector,
} from "@datastax/astra-db-ts";

const range = (n, make) => Array.from({ length: n }, (_, i) => make(i));

export async function inserting(c, { plain, flat }) {
  await c.section("insertOne", () => one(c, plain, flat));
  for (const ordered of [true, false]) {
    await c.section(`insertMany ordered ${ordered}`, () => many(c, plain, ordered));
    await c.section(`insertMany failing, ordered ${ordered}`, () => failing(c, plain, ordered));
  }
  await c.section("insertMany options", () => options(c, plain));
}

async function one(c, coll, flat) {
  await coll.deleteMany({});
  const made = await coll.insertOne({ name: "made" });
  c.equal(typeof made.insertedId, "string", "a made id");
  c.ok(/^[0-9a-f-]{36}$/.test(made.insertedId), "its form");
  c.equal((await coll.insertOne({ _id: "given" })).insertedId, "given", "a given id");
  c.equal((await coll.insertOne({})).insertedId.length, 36, "an empty document");
  const twice = await c.refused(coll.insertOne({ _id: "given" }), DataAPIResponseError, "DOCUMENT_ALREADY_EXISTS", "twice");
  c.equal(twice?.errorDescriptors[0].family, "REQUEST", "family");
  c.equal(twice?.errorDescriptors[0].scope, "DOCUMENT", "scope");
  c.equal(twice?.errorDescriptors.length, 1, "one error");
  c.equal(Object.keys(twice?.command ?? {}), ["insertOne"], "the command in the error");
  await c.refused(coll.insertOne({ $vector: [1] }), DataAPIResponseError, "INVALID_VECTOR_LENGTH", "a short vector");
  await c.refused(coll.insertOne({ $bad: 1 }), DataAPIResponseError, "SHRED_BAD_FIELD_NAME", "a bad name");
  await c.refused(coll.insertOne({ text: "a".repeat(8001) }), DataAPIResponseError, "SHRED_DOC_LIMIT_VIOLATION", "a long text");
  const wide = Object.fromEntries(range(1001, (i) => [`f${i}`, i]));
  await c.refused(coll.insertOne(wide), DataAPIResponseError, "SHRED_DOC_LIMIT_VIOLATION", "a wide document");
  await c.refused(coll.insertOne({ list: range(1001, (i) => i) }), DataAPIResponseError, "SHRED_DOC_LIMIT_VIOLATION", "a long list");
  await c.refused(flat.insertOne({ $vector: [1, 2] }), DataAPIResponseError, "VECTOR_SEARCH_NOT_SUPPORTED", "no vectors here");
  await c.throws(coll.insertOne({ a: 1 }, { timeout: 1 }), DataAPITimeoutError, "a time-out");
}

async function many(c, coll, ordered) {
  await coll.deleteMany({});
  c.equal(await coll.insertMany([], { ordered }), { insertedIds: [], insertedCount: 0 }, "nothing");
  const three = await coll.insertMany([{ _id: 1 }, { _id: null }, {}], { ordered });
  c.equal(three.insertedCount, 3, "count");
  c.equal(three.insertedIds.length, 3, "ids");
  c.ok(three.insertedIds.includes(1) && three.insertedIds.includes(null), "given ids");
  const ids = [UUID.v4(), UUID.v7(), new ObjectId(), "text", 2.5, new Date(1.5e12)];
  const kinds = await coll.insertMany(ids.map((_id) => ({ _id, kind: true })), { ordered });
  c.equal(kinds.insertedIds.map((x) => x.constructor.name).sort(), ids.map((x) => x.constructor.name).sort(), "kinds of ids");
  const hundred = range(120, (i) => ({ _id: `n${i}`, n: i, $vector: vector([1, i, 0, 0, 0]) }));
  c.equal((await coll.insertMany(hundred, { ordered })).insertedCount, 120, "three chunks");
  c.equal(await coll.countDocuments({ n: { $gte: 0 } }, 1000), 120, "all there");
  c.equal((await coll.insertMany(range(30, (i) => ({ _id: `s${i}` })), { ordered, chunkSize: 7 })).insertedIds.length, 30, "small chunks");
  c.equal((await coll.insertMany(range(100, (i) => ({ _id: `b${i}` })), { ordered, chunkSize: 100 })).insertedCount, 100, "one full chunk");
}

async function failing(c, coll, ordered) {
  await coll.deleteMany({});
  const documents = [{ _id: "a" }, { _id: "b" }, { _id: "a" }, { _id: "c" }];
  const error = await c.throws(coll.insertMany(documents, { ordered }), CollectionInsertManyError, "a duplicate");
  const left = ordered ? ["a", "b"] : ["a", "b", "c"];
  c.sorted(error?.insertedIds() ?? [], left, "ids in the error");
  c.equal(error?.errors().length, 1, "errors");
  c.equal(error?.errors()[0].errorDescriptors[0].errorCode, "DOCUMENT_ALREADY_EXISTS", "code");
  c.sorted((await coll.find({}).toArray()).map((d) => d._id), left, "stored");
  await coll.deleteMany({});
  const chunks = range(40, (i) => ({ _id: i === 25 ? "n3" : `n${i}` }));
  const later = await c.throws(coll.insertMany(chunks, { ordered, chunkSize: 10 }), CollectionInsertManyError, "in the third chunk");
  c.equal(later?.insertedIds().length, ordered ? 25 : 39, "ids of earlier chunks");
  c.equal(await coll.countDocuments({}, 1000), ordered ? 25 : 39, "stored of all chunks");
  await coll.deleteMany({});
  const bad = [{ _id: "x" }, { _id: "y", $vector: [1, 2] }, { _id: "z" }];
  const partly = await c.throws(coll.insertMany(bad, { ordered }), CollectionInsertManyError, "a short vector");
  c.sorted(partly?.insertedIds() ?? [], ordered ? ["x"] : ["x", "z"], "ids beside a short vector");
}

async function options(c, coll) {
  await coll.deleteMany({});
  const tooMany = range(101, (i) => ({ _id: i }));
  const error = await c.throws(coll.insertMany(tooMany, { chunkSize: 101 }), CollectionInsertManyError, "101 in a call");
  c.equal(error?.insertedIds(), [], "none of 101");
  c.equal(error?.errors()[0].errorDescriptors[0].errorCode, "COMMAND_FIELD_VALUE_INVALID", "code of 101");
  await c.throws(coll.insertMany(range(200, () => ({})), { ordered: true, chunkSize: 1, timeout: 200 }), DataAPITimeoutError,
    "a time-out in the middle");
  c.equal((await coll.insertMany(range(60, () => ({ c: 1 })), { concurrency: 1 })).insertedCount, 60, "one at a time");
  c.equal((await coll.insertMany(range(60, () => ({ c: 8 })), { concurrency: 8, chunkSize: 5 })).insertedCount, 60, "eight at a time");
}
