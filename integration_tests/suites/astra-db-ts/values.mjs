// Values that JSON cannot say: ids, dates, vectors and large numbers, there and back.

import { BigNumber, DataAPIVector, ObjectId, UUID, vector } from "@datastax/astra-db-ts";

export async function values(c, { db, plain }) {
  await plain.deleteMany({});
  await c.section("values", () => kinds(c, plain));
  await c.section("ids", () => ids(c, plain));
  await c.section("default ids", () => defaults(c, db));
  await c.section("vectors", () => vectors(c, plain));
  await c.section("large numbers", () => numbers(c, db, plain));
}

async function kinds(c, coll) {
  const sent = [
    "", "text", "ünïcödé 🚲", 0, -1, 1.5, 1e-7, 123456789012, Number.MAX_SAFE_INTEGER, true, false, null, [], {}, [[], [[]]], [null, 1, "a", { b: [1] }],
    { a: { b: { c: null } } }, new Date(0), new Date(-1), new Date(1.7e12), { "with space": 1 }, { "": 1 },
  ];
  for (const [i, value] of sent.entries()) {
    const _id = `v${i}`;
    if (value !== null && typeof value === "object" && "" in value) continue; // an empty name is refused
    await coll.insertOne({ _id, value });
    c.equal((await coll.findOne({ _id })).value, value, `there and back: ${JSON.stringify(value)}`);
  }
  for (const value of [UUID.v4(), UUID.v7(), new UUID("123e4567-e89b-12d3-a456-426614174000"), new ObjectId(), new ObjectId("507f191e810c19729de860ea")]) {
    const { insertedId } = await coll.insertOne({ value, list: [value], deep: { value } });
    const got = await coll.findOne({ _id: insertedId });
    c.ok(got.value.equals(value) && got.list[0].equals(value) && got.deep.value.equals(value), `there and back: ${value}`);
    c.equal(got.value.constructor.name, value.constructor.name, "its class");
    c.equal((await coll.findOne({ value }))._id, insertedId, "found by it");
    c.equal(await coll.countDocuments({ value: { $in: [value] } }, 9), 1, "found by $in");
  }
}

async function ids(c, coll) {
  for (const _id of [UUID.v4(), UUID.v7(), new ObjectId(), new Date(1.4e12), 0, 17, -2.5, "s", "", true, false, null]) {
    const name = `${_id?.constructor?.name ?? "null"} ${String(_id)}`;
    if (_id === "") continue; // an empty id is refused
    const same = (x) => (_id instanceof Date ? x?.getTime() === _id.getTime() : _id?.equals ? _id.equals(x) : x === _id);
    await coll.deleteOne({ _id });
    c.ok(same((await coll.insertOne({ _id, tag: "id" })).insertedId), `${name}: inserted`);
    c.ok(same((await coll.findOne({ _id }))._id), `${name}: found`);
    c.equal((await coll.updateOne({ _id }, { $set: { n: 1 } })).modifiedCount, 1, `${name}: updated`);
    c.ok(same((await coll.findOneAndUpdate({ _id }, { $set: { n: 2 } }))._id), `${name}: found and updated`);
    c.equal((await coll.replaceOne({ _id }, { m: 1 })).modifiedCount, 1, `${name}: replaced`);
    c.equal((await coll.deleteOne({ _id })).deletedCount, 1, `${name}: deleted`);
  }
}

async function defaults(c, db) {
  const version = (id) => id.toString().charAt(14);
  const table = {
    uuid: (id) => id instanceof UUID && version(id) === "4", uuidv6: (id) => id instanceof UUID && version(id) === "6",
    uuidv7: (id) => id instanceof UUID && version(id) === "7", objectId: (id) => id instanceof ObjectId,
  };
  for (const [type, test] of Object.entries(table)) {
    const name = `ids_${type.toLowerCase()}`;
    const coll = await db.createCollection(name, { defaultId: { type } });
    c.equal((await coll.options()).defaultId, { type }, `${type}: option`);
    const { insertedId } = await coll.insertOne({});
    c.ok(test(insertedId), `${type}: insertOne`);
    c.ok((await coll.insertMany([{}, {}])).insertedIds.every(test), `${type}: insertMany`);
    c.ok(test((await coll.updateOne({ x: 1 }, { $set: { y: 1 } }, { upsert: true })).upsertedId), `${type}: upsert`);
    c.ok(insertedId.equals((await coll.findOne({ _id: insertedId }))._id), `${type}: found`);
    await coll.drop();
  }
}

async function vectors(c, coll) {
  await coll.deleteMany({});
  const floats = [0.5, -0.25, 1, 0, 2];
  const forms = { array: floats, wrapped: vector(floats), typed: vector(new Float32Array(floats)), binary: vector({ $binary: vector(floats).asBase64() }) };
  for (const [_id, $vector] of Object.entries(forms)) {
    await coll.insertOne({ _id, $vector });
    const got = (await coll.findOne({ _id }, { projection: { $vector: 1 } })).$vector;
    c.ok(got instanceof DataAPIVector, `${_id}: class`);
    c.equal(got.asArray(), floats, `${_id}: numbers`);
    c.equal([...got.asFloat32Array()], floats, `${_id}: floats`);
    c.equal(got.length, 5, `${_id}: length`);
    const near = await coll.findOne({ _id }, { sort: { $vector }, includeSimilarity: true });
    c.ok(Math.abs(near.$similarity - 1) < 1e-6, `${_id}: sorted by`);
  }
  const updated = await coll.findOneAndUpdate({ _id: "array" }, { $set: { $vector: vector([1, 1, 1, 1, 1]) } },
    { returnDocument: "after", projection: { $vector: 1 } });
  c.equal(updated.$vector.asArray(), [1, 1, 1, 1, 1], "updated");
}

async function numbers(c, db, plain) {
  const big = (how) => db.collection(plain.name, { serdes: { enableBigNumbers: how } });
  const long = "9007199254740993";
  const fraction = "0.1234567890123456789012345";
  await big(() => "bignumber").insertOne({ _id: "big", long: BigNumber(long), fraction: BigNumber(fraction), int: 12345678901234567890n });
  const exact = await big(() => "bignumber").findOne({ _id: "big" });
  c.equal(exact.long.toFixed(), long, "a long integer");
  c.equal(exact.fraction.toFixed(), fraction, "a long fraction");
  c.equal(exact.int.toFixed(), "12345678901234567890", "a bigint");
  c.equal((await big({ "*": "bigint", fraction: "string", _id: "string" }).findOne({ _id: "big" }, { projection: { long: 1 } })).long, BigInt(long), "as bigint");
  c.equal((await big(() => "string").findOne({ _id: "big" })).fraction, fraction, "as text");
  c.equal((await plain.findOne({ _id: "big" })).long, Number(long), "as a number, rounded");
  c.equal((await big(() => "bignumber").findOne({ long: BigNumber(long) }))._id, "big", "found by it");
  c.equal(await big(() => "bignumber").findOne({ long: BigNumber("9007199254740992") }), null, "not by its neighbour");
}
