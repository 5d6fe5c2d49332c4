// updateOne, updateMany, replaceOne, findOneAnd*: each operator, upserts, before and after.

import { DataAPIResponseError, UUID, vector } from "@datastax/astra-db-ts";

const before = { _id: "a", n: 5, s: "x", l: [3, 1, 2], o: { p: 1, q: 2 }, d: new Date(1e12) };

export async function changing(c, { plain }) {
  await c.section("operators", () => operators(c, plain));
  await c.section("updateOne", () => updateOne(c, plain));
  await c.section("updateMany", () => updateMany(c, plain));
  await c.section("replaceOne", () => replaceOne(c, plain));
  await c.section("findOneAndUpdate", () => findAndUpdate(c, plain));
  await c.section("findOneAndReplace", () => findAndReplace(c, plain));
  await c.section("findOneAndDelete", () => findAndDelete(c, plain));
}

async function operators(c, coll) {
  const { d: _, ...undated } = before;
  const table = [
    [{ $set: { n: 6, t: "new" } }, { ...before, n: 6, t: "new" }], [{ $set: { "o.p": 9, "o.r.s": 1 } }, { ...before, o: { p: 9, q: 2, r: { s: 1 } } }],
    [{ $set: { "l.1": 7 } }, { ...before, l: [3, 7, 2] }], [{ $set: { n: null } }, { ...before, n: null }],
    [{ $unset: { d: "" } }, undated], [{ $unset: { "o.p": "" } }, { ...before, o: { q: 2 } }], [{ $unset: { missing: "" } }, before],
    [{ $inc: { n: 2 } }, { ...before, n: 7 }], [{ $inc: { n: -1.5, fresh: 3 } }, { ...before, n: 3.5, fresh: 3 }],
    [{ $mul: { n: 3 } }, { ...before, n: 15 }], [{ $mul: { fresh: 3 } }, { ...before, fresh: 0 }],
    [{ $min: { n: 1 } }, { ...before, n: 1 }], [{ $min: { n: 9 } }, before], [{ $max: { n: 9 } }, { ...before, n: 9 }],
    [{ $max: { n: 1 } }, before], [{ $rename: { s: "t" } }, (({ s, ...rest }) => ({ ...rest, t: s }))(before)],
    [{ $push: { l: 4 } }, { ...before, l: [3, 1, 2, 4] }], [{ $push: { fresh: 4 } }, { ...before, fresh: [4] }],
    [{ $push: { l: { $each: [8, 9] } } }, { ...before, l: [3, 1, 2, 8, 9] }],
    [{ $push: { l: { $each: [8, 9], $position: 1 } } }, { ...before, l: [3, 8, 9, 1, 2] }],
    [{ $addToSet: { l: 1 } }, before], [{ $addToSet: { l: 4 } }, { ...before, l: [3, 1, 2, 4] }],
    [{ $addToSet: { l: { $each: [1, 5] } } }, { ...before, l: [3, 1, 2, 5] }],
    [{ $pop: { l: 1 } }, { ...before, l: [3, 1] }], [{ $pop: { l: -1 } }, { ...before, l: [1, 2] }],
    [{ $setOnInsert: { t: 1 }, $set: { n: 1 } }, { ...before, n: 1 }],
    [{ $set: { n: 1 }, $push: { l: 0 }, $unset: { d: 1 } }, { ...undated, n: 1, l: [3, 1, 2, 0] }],
  ];
  for (const [update, want] of table) {
    const what = JSON.stringify(update);
    await coll.deleteMany({});
    await coll.insertOne(before);
    const result = await coll.updateOne({ _id: "a" }, update);
    const changed = want !== before;
    c.equal([result.matchedCount, result.modifiedCount, result.upsertedCount], [1, changed ? 1 : 0, 0], `${what}: counts`);
    c.equal(await coll.findOne({ _id: "a" }), want, what);
  }
  const dated = await coll.findOneAndUpdate({ _id: "a" }, { $currentDate: { now: true } }, { returnDocument: "after" });
  c.ok(dated.now instanceof Date && Math.abs(Date.now() - dated.now) < 60_000, "$currentDate");
  const refused = [
    [{ $bad: { n: 1 } }, "UNSUPPORTED_UPDATE_OPERATION"], [{ $set: { _id: "b" } }, "UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID"],
    [{ $set: { n: 1 }, $unset: { n: 1 } }, "UPDATE_OPERATOR_PARAM_CONFLICT"], [{ n: 1 }, "UNSUPPORTED_UPDATE_OPERATION"],
  ];
  for (const [update, code] of refused) {
    const error = await c.throws(coll.updateOne({ _id: "a" }, update), DataAPIResponseError, JSON.stringify(update));
    if (code.startsWith("UNSUPPORTED")) c.equal(error?.errorDescriptors[0].errorCode, code, `${JSON.stringify(update)}: code`);
  }
  for (const update of [{ $inc: { s: 1 } }, { $push: { s: 1 } }, { $mul: { s: 2 } }, { $pop: { s: 1 } }, { $inc: { n: "x" } }]) {
    await c.throws(coll.updateOne({ _id: "a" }, update), DataAPIResponseError, `a wrong type: ${JSON.stringify(update)}`);
  }
}

async function updateOne(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany([{ _id: 1, n: 1 }, { _id: 2, n: 2 }, { _id: 3, n: 3 }]);
  c.equal(await coll.updateOne({ _id: "no" }, { $set: { n: 1 } }), { modifiedCount: 0, matchedCount: 0, upsertedCount: 0 }, "none");
  c.equal(await coll.updateOne({ _id: 1 }, { $set: { n: 1 } }), { modifiedCount: 0, matchedCount: 1, upsertedCount: 0 }, "the same value");
  c.equal(await coll.updateOne({ _id: 1 }, { $set: { n: 5 } }), { modifiedCount: 1, matchedCount: 1, upsertedCount: 0 }, "another value");
  await coll.updateOne({}, { $set: { hit: true } }, { sort: { n: 1 } });
  c.equal((await coll.findOne({ hit: true }))._id, 2, "the first by a sort");
  const up = await coll.updateOne({ _id: "up" }, { $set: { n: 9 }, $setOnInsert: { made: true } }, { upsert: true });
  c.equal(up, { modifiedCount: 0, matchedCount: 0, upsertedCount: 1, upsertedId: "up" }, "upserted");
  c.equal(await coll.findOne({ _id: "up" }), { _id: "up", n: 9, made: true }, "what was upserted");
  const free = await coll.updateOne({ name: "free" }, { $set: { n: 9 } }, { upsert: true });
  c.equal([free.upsertedCount, typeof free.upsertedId], [1, "string"], "upserted without an id");
  c.equal((await coll.findOne({ name: "free" })).n, 9, "with the filter's fields");
  const id = UUID.v4();
  c.ok((await coll.updateOne({ _id: id }, { $set: { n: 1 } }, { upsert: true })).upsertedId.equals(id), "upserted uuid");
  await coll.updateOne({ _id: 3 }, { $set: { $vector: vector([1, 2, 3, 4, 5]) } });
  c.equal((await coll.findOne({ _id: 3 }, { projection: { $vector: 1 } })).$vector.asArray(), [1, 2, 3, 4, 5], "a vector set");
  await coll.updateOne({ _id: 3 }, { $unset: { $vector: "" } });
  c.equal("$vector" in (await coll.findOne({ _id: 3 }, { projection: { $vector: 1 } })), false, "a vector unset");
}

async function updateMany(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany(Array.from({ length: 70 }, (_, n) => ({ _id: n, n, even: n % 2 === 0 })));
  c.equal(await coll.updateMany({ even: true }, { $set: { seen: 1 } }), { modifiedCount: 35, matchedCount: 35, upsertedCount: 0 }, "in pages");
  c.equal(await coll.updateMany({ even: true }, { $set: { seen: 1 } }), { modifiedCount: 0, matchedCount: 35, upsertedCount: 0 }, "again");
  c.equal(await coll.updateMany({ n: -1 }, { $set: { seen: 1 } }), { modifiedCount: 0, matchedCount: 0, upsertedCount: 0 }, "none");
  c.equal((await coll.updateMany({}, { $inc: { n: 1 } })).modifiedCount, 70, "all");
  c.equal(await coll.countDocuments({ seen: 1 }, 100), 35, "stored");
  const up = await coll.updateMany({ _id: "up" }, { $set: { n: 1 } }, { upsert: true });
  c.equal(up, { modifiedCount: 0, matchedCount: 0, upsertedCount: 1, upsertedId: "up" }, "upserted");
}

async function replaceOne(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany([{ _id: "a", n: 1, m: 1 }, { _id: "b", n: 2 }]);
  c.equal(await coll.replaceOne({ _id: "a" }, { k: 1 }), { modifiedCount: 1, matchedCount: 1, upsertedCount: 0 }, "replaced");
  c.equal(await coll.findOne({ _id: "a" }), { _id: "a", k: 1 }, "by what");
  c.equal(await coll.replaceOne({ _id: "a" }, { k: 1 }), { modifiedCount: 0, matchedCount: 1, upsertedCount: 0 }, "by the same");
  c.equal(await coll.replaceOne({ _id: "no" }, { k: 1 }), { modifiedCount: 0, matchedCount: 0, upsertedCount: 0 }, "none");
  const up = await coll.replaceOne({ _id: "no" }, { k: 1 }, { upsert: true });
  c.equal(up, { modifiedCount: 0, matchedCount: 0, upsertedCount: 1, upsertedId: "no" }, "upserted");
  await coll.replaceOne({}, { first: true }, { sort: { n: -1 } });
  c.equal(await coll.findOne({ _id: "b" }), { _id: "b", first: true }, "the first by a sort");
  await c.refused(coll.replaceOne({ _id: "a" }, { _id: "other" }), DataAPIResponseError, "DOCUMENT_REPLACE_DIFFERENT_DOCID", "another id");
}

async function findAndUpdate(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany([{ _id: "a", n: 1 }, { _id: "b", n: 2 }]);
  const update = (filter, options) => coll.findOneAndUpdate(filter, { $inc: { n: 10 } }, options);
  c.equal(await update({ _id: "a" }), { _id: "a", n: 1 }, "before, by default");
  c.equal(await update({ _id: "a" }, { returnDocument: "before" }), { _id: "a", n: 11 }, "before");
  c.equal(await update({ _id: "a" }, { returnDocument: "after" }), { _id: "a", n: 31 }, "after");
  c.equal(await update({ _id: "a" }, { projection: { _id: 0 } }), { n: 31 }, "projected");
  c.equal(await update({}, { sort: { n: 1 } }), { _id: "b", n: 2 }, "the first by a sort");
  c.equal(await update({ _id: "no" }), null, "none");
  c.equal(await update({ _id: "up" }, { upsert: true, returnDocument: "before" }), null, "upserted, before");
  c.equal(await update({ _id: "up2" }, { upsert: true, returnDocument: "after" }), { _id: "up2", n: 10 }, "upserted, after");
}

async function findAndReplace(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany([{ _id: "a", n: 1 }, { _id: "b", n: 2 }]);
  const replace = (filter, by, options) => coll.findOneAndReplace(filter, by, options);
  c.equal(await replace({ _id: "a" }, { m: 1 }), { _id: "a", n: 1 }, "before, by default");
  c.equal(await replace({ _id: "a" }, { m: 2 }, { returnDocument: "before" }), { _id: "a", m: 1 }, "before");
  c.equal(await replace({ _id: "a" }, { m: 3 }, { returnDocument: "after" }), { _id: "a", m: 3 }, "after");
  c.equal(await replace({ _id: "a" }, { m: 4, k: 1 }, { returnDocument: "after", projection: { k: 1 } }), { _id: "a", k: 1 }, "projected");
  c.equal(await replace({ n: { $gt: 0 } }, { n: 9 }, { sort: { n: -1 } }), { _id: "b", n: 2 }, "the first by a sort");
  c.equal(await replace({ _id: "no" }, { m: 1 }), null, "none");
  c.equal(await replace({ _id: "up" }, { m: 1 }, { upsert: true, returnDocument: "after" }), { _id: "up", m: 1 }, "upserted, after");
  c.equal(await replace({ _id: "up2" }, { m: 1 }, { upsert: true }), null, "upserted, before");
}

async function findAndDelete(c, coll) {
  await coll.deleteMany({});
  await coll.insertMany([{ _id: "a", n: 1 }, { _id: "b", n: 2 }, { _id: "c", n: 3, m: 1 }]);
  c.equal(await coll.findOneAndDelete({ _id: "no" }), null, "none");
  c.equal(await coll.findOneAndDelete({ _id: "a" }), { _id: "a", n: 1 }, "deleted");
  c.equal(await coll.findOneAndDelete({}, { sort: { n: -1 }, projection: { m: 1, _id: 0 } }), { m: 1 }, "sorted and projected");
  c.equal((await coll.find({}).toArray()).map((d) => d._id), ["b"], "left");
}
