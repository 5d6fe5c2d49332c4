// $vectorize, $lexical and findAndRerank.

import { CollectionInsertManyError, DataAPIResponseError, DataAPIVector, RerankedResult, vector } from "@datastax/astra-db-ts";

const texts = { cat: "a cat that sleeps", dog: "a dog that barks", bike: "a red bicycle" };

export async function searching(c, { db }) {
  const service = { provider: "openai", modelName: "text-embedding-3-small" };
  const rerank = { enabled: true, service: { provider: "nvidia", modelName: "nvidia/llama-3.2-nv-rerankqa-1b-v2" } };
  const words = { enabled: true, analyzer: "standard" };
  const coll = await db.createCollection("by_text", { vector: { dimension: 1024, service }, lexical: words, rerank });
  const own = await db.createCollection("by_vector", { vector: { dimension: 3 }, lexical: words, rerank });
  await c.section("$vectorize", () => vectorize(c, coll));
  await c.section("$lexical", () => lexical(c, own));
  await c.section("findAndRerank by text", () => hybrid(c, coll));
  await c.section("findAndRerank by vector", () => hybridVector(c, own));
  await coll.drop();
  await own.drop();
}

async function vectorize(c, coll) {
  for (const [_id, $vectorize] of Object.entries(texts)) await coll.insertOne({ _id, $vectorize });
  const shown = await coll.findOne({ _id: "cat" }, { projection: { "*": 1 } });
  c.equal(shown.$vectorize, texts.cat, "the text is kept");
  c.ok(shown.$vector instanceof DataAPIVector && shown.$vector.length === 1024, "its vector");
  c.equal(await coll.findOne({ _id: "cat" }), { _id: "cat" }, "both are hidden");
  const near = await coll.find({}).sort({ $vectorize: texts.dog }).limit(2).includeSimilarity(true).toArray();
  c.equal(near[0]._id, "dog", "nearest");
  c.ok(Math.abs(near[0].$similarity - 1) < 1e-5, "similarity of the same text");
  c.equal((await coll.find({}).sort({ $vectorize: "x" }).includeSortVector(true).getSortVector()).length, 1024, "sort vector");
  c.equal((await coll.findOne({}, { sort: { $vectorize: texts.bike } }))._id, "bike", "findOne");
  c.equal((await coll.updateOne({ _id: "cat" }, { $set: { $vectorize: "a tiger" } })).modifiedCount, 1, "updated");
  c.equal((await coll.findOne({}, { sort: { $vectorize: "a tiger" } }))._id, "cat", "found by the new text");
  c.equal((await coll.findOneAndReplace({ _id: "cat" }, { $vectorize: texts.cat }, { returnDocument: "after" })), { _id: "cat" }, "replaced");
  c.equal((await coll.deleteOne({}, { sort: { $vectorize: texts.bike } })).deletedCount, 1, "deleted by a text");
  c.equal((await coll.insertMany([{ _id: "bike", $vectorize: texts.bike }, { _id: "bare" }])).insertedCount, 2, "insertMany");
  await c.throws(coll.insertMany([{ $vectorize: "x", $vector: vector(Array(1024).fill(1)) }]), CollectionInsertManyError, "both");
  await c.throws(coll.insertOne({ $vectorize: 5 }), DataAPIResponseError, "a number for a text");
  await coll.deleteMany({});
}

async function lexical(c, coll) {
  await coll.insertMany(Object.entries(texts).map(([_id, $lexical], i) => ({ _id, $lexical, text: $lexical, $vector: vector([1, i, 0]) })));
  c.equal((await coll.find({}).sort({ $lexical: "bicycle red" }).toArray()).map((d) => d._id), ["bike"], "by words");
  c.sorted((await coll.find({}).sort({ $lexical: "that" }).toArray()).map((d) => d._id), ["cat", "dog"], "two");
  c.equal((await coll.find({ $lexical: { $match: "sleeps" } }).toArray()).map((d) => d._id), ["cat"], "$match");
  c.equal((await coll.findOne({ _id: "cat" }, { projection: { $lexical: 1 } })).$lexical, texts.cat, "by name");
  c.equal("$lexical" in (await coll.findOne({ _id: "cat" })), false, "hidden");
  c.equal((await coll.findOneAndUpdate({ $lexical: { $match: "barks" } }, { $set: { hit: 1 } }))._id, "dog", "findOneAndUpdate");
}

async function hybrid(c, coll) {
  await coll.insertMany(Object.entries(texts).map(([_id, $hybrid]) => ({ _id, $hybrid, kind: _id === "bike" ? "thing" : "animal" })));
  const all = await coll.findAndRerank({}).sort({ $hybrid: "a cat" }).limit(10).toArray();
  c.ok(all.every((r) => r instanceof RerankedResult), "class");
  c.sorted(all.map((r) => r.document._id), ["bike", "cat", "dog"], "all");
  c.equal(all[0].scores, {}, "no scores unless asked");
  const scored = await coll.findAndRerank({}).sort({ $hybrid: texts.dog }).includeScores(true).limit(2).toArray();
  c.equal([scored.length, scored[0].document._id], [2, "dog"], "limit and first");
  c.ok(["$rerank", "$vector"].every((k) => k in scored[0].scores), `scores ${Object.keys(scored[0].scores)}`);
  c.equal((await coll.findAndRerank({ kind: "thing" }).sort({ $hybrid: "a cat" }).toArray()).map((r) => r.document._id), ["bike"], "filtered");
  c.equal((await coll.findAndRerank({ _id: "cat" }).sort({ $hybrid: "a cat" }).project({ kind: 1, _id: 0 }).toArray())[0].document, { kind: "animal" }, "projected");
  const split = coll.findAndRerank({}).sort({ $hybrid: { $vectorize: texts.cat, $lexical: "sleeps" } }).hybridLimits({ $vector: 2, $lexical: 1 });
  c.equal((await split.toArray())[0].document._id, "cat", "two questions");
  c.equal((await coll.findAndRerank({}).sort({ $hybrid: "a" }).includeSortVector(true).getSortVector()).length, 1024, "sort vector");
  c.equal(await coll.findAndRerank({}).sort({ $hybrid: "a cat" }).map((r) => r.document._id).toArray().then((l) => l.length), 3, "mapped");
  await c.throws(coll.findAndRerank({}).sort({ $vectorize: "a" }).toArray(), DataAPIResponseError, "another sort");
}

async function hybridVector(c, coll) {
  const ask = (options) => coll.findAndRerank({}, { sort: { $hybrid: { $vector: vector([1, 0, 0]), $lexical: "cat" } }, ...options });
  const got = await ask({ rerankOn: "text", rerankQuery: "a cat", limit: 2 }).toArray();
  c.equal([got.length, got[0].document._id], [2, "cat"], "found");
  await c.throws(ask({ rerankQuery: "a cat" }).toArray(), DataAPIResponseError, "no rerankOn");
  await c.throws(ask({ rerankOn: "text" }).toArray(), DataAPIResponseError, "no rerankQuery");
}
