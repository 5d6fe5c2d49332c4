// Uses a local Data API through @datastax/astra-db-ts as a program would: create, load,
// search, page, update, delete. Prints "ok" at the end; any difference throws.
//
// usage: node astra_db_ts_client.mjs ENDPOINT TOKEN

import assert from "node:assert/strict";
import { DataAPIClient, ObjectId, UUID, vector } from "@datastax/astra-db-ts";

const [endpoint, token] = process.argv.slice(2);
const dimension = 8;
const documents = 120;

// direction turns slowly with n.
const direction = (n) => [1, n / documents, ...Array(dimension - 2).fill(0)];

async function create(db) {
  await db.dropCollection("from_ts"); // of a run that was stopped
  const options = { vector: { dimension, metric: "cosine" }, indexing: { deny: ["text"] } };
  const collection = await db.createCollection("from_ts", options);
  await db.createCollection("from_ts", options);
  assert.equal((await db.listCollections({ nameOnly: true })).filter((name) => name === "from_ts").length, 1);
  assert.equal((await collection.options()).vector.dimension, dimension);
  await assert.rejects(db.createCollection("from_ts", { vector: { dimension: 9 } }), /different/);
  return collection;
}

async function load(collection) {
  const list = Array.from({ length: documents }, (_, n) => ({
    _id: "d" + String(n).padStart(3, "0"), n, even: n % 2 === 0, text: "x".repeat(9000), $vector: vector(direction(n)),
  }));
  assert.equal((await collection.insertMany(list, { concurrency: 4 })).insertedCount, documents);
  await assert.rejects(collection.insertOne({ _id: "d000" }), /already exists/);
}

async function types(collection) {
  const sent = { _id: UUID.v4(), when: new Date(1.7e12), object: new ObjectId(), list: [1, 2.5, null, { a: true }] };
  await collection.insertOne(sent);
  const got = await collection.findOne({ _id: sent._id });
  assert.ok(got._id.equals(sent._id));
  assert.ok(got.object.equals(sent.object));
  assert.equal(got.when.getTime(), 1.7e12);
  assert.deepEqual(got.list, sent.list);
  assert.ok((await collection.findOne({ when: { $gt: new Date(1.6e12) } }))._id.equals(sent._id));
  await collection.deleteOne({ _id: sent._id });
}

async function search(collection) {
  const cursor = collection.find({ even: true })
    .sort({ $vector: vector(direction(10)) }).limit(3).project({ n: 1 }).includeSimilarity(true).includeSortVector(true);
  const hits = await cursor.toArray();
  assert.equal(hits[0].n, 10);
  assert.deepEqual(hits.map((h) => h.n).sort((a, b) => a - b), [8, 10, 12]);
  assert.ok(hits[0].$similarity > hits[1].$similarity);
}

async function page(collection) {
  assert.equal((await collection.find({}).project({ _id: 1 }).toArray()).length, documents);
  assert.equal((await collection.find({ n: { $lt: 70 } }).limit(60).toArray()).length, 60);
  const sorted = await collection.find({}).sort({ n: -1 }).limit(3).skip(1).toArray();
  assert.deepEqual(sorted.map((d) => d.n), [118, 117, 116]);
  assert.equal(await collection.countDocuments({ even: true }, 100), documents / 2);
}

async function update(collection) {
  const one = await collection.updateOne({ _id: "d001" }, { $set: { "o.p": 1 }, $inc: { n: 1000 }, $push: { l: 1 } });
  assert.equal(one.modifiedCount, 1);
  assert.deepEqual((await collection.findOne({ n: 1001 })).o, { p: 1 });
  assert.equal((await collection.updateMany({ even: true }, { $set: { seen: true } })).modifiedCount, documents / 2);
  const after = await collection.findOneAndUpdate({ _id: "u" }, { $set: { n: 1 } }, { upsert: true, returnDocument: "after" });
  assert.deepEqual(after, { _id: "u", n: 1 });
  assert.deepEqual(await collection.findOneAndReplace({ _id: "u" }, { m: 2 }), { _id: "u", n: 1 });
  assert.deepEqual(await collection.findOneAndDelete({ _id: "u" }), { _id: "u", m: 2 });
}

async function remove(db, collection) {
  assert.equal((await collection.deleteMany({ even: true })).deletedCount, documents / 2);
  assert.equal((await collection.deleteOne({ _id: "d001" })).deletedCount, 1);
  await collection.deleteMany({});
  assert.equal(await collection.findOne({}), null);
  await collection.drop();
  assert.ok(!(await db.listCollections({ nameOnly: true })).includes("from_ts"));
}

const client = new DataAPIClient({ environment: "hcd" });
const db = client.db(endpoint, { token, keyspace: "default_keyspace" });
const collection = await create(db);
await load(collection);
await types(collection);
await search(collection);
await page(collection);
await update(collection);
await remove(db, collection);
await client.close();
console.log("ok");
