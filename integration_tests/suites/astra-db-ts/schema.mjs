// Collections: made with each option, listed, compared, dropped; keyspaces; errors of the database.

import { DataAPIResponseError, DataAPIHttpError } from "@datastax/astra-db-ts";

export async function schema(c, { db, client, endpoint }) {
  await c.section("createCollection", () => create(c, db));
  await c.section("createCollection refused", () => refused(c, db));
  await c.section("lists and drops", () => lists(c, db));
  await c.section("indexing", () => indexing(c, db));
  await c.section("keyspaces", () => keyspaces(c, db));
  await c.section("errors", () => errors(c, db, client, endpoint));
}

async function create(c, db) {
  const table = {
    nothing: {}, dimension: { vector: { dimension: 4 } }, euclidean: { vector: { dimension: 4, metric: "euclidean" } },
    dot: { vector: { dimension: 4, metric: "dot_product" } }, source: { vector: { dimension: 4, sourceModel: "openai-v3-small" } },
    deny: { indexing: { deny: ["a", "b.c"] } }, allow: { indexing: { allow: ["a"] } }, none: { indexing: { deny: ["*"] } },
    wordless: { lexical: { enabled: false } }, words: { lexical: { enabled: true, analyzer: "standard" } },
    unranked: { rerank: { enabled: false } },
    ranked: { rerank: { enabled: true, service: { provider: "nvidia", modelName: "nvidia/llama-3.2-nv-rerankqa-1b-v2" } } },
    service: { vector: { service: { provider: "openai", modelName: "text-embedding-3-small" }, dimension: 1024 } },
  };
  const contains = (got, want) => Object.entries(want).every(([k, v]) => (v !== null && typeof v === "object" && !Array.isArray(v)
    ? contains(got?.[k] ?? {}, v) : JSON.stringify(got?.[k]) === JSON.stringify(v)));
  for (const [name, options] of Object.entries(table)) {
    const coll = await db.createCollection(`made_${name}`, options);
    c.equal([coll.name, coll.keyspace], [`made_${name}`, db.keyspace], `${name}: named`);
    const got = await coll.options();
    c.ok(contains(got, options), `${name}: options ${JSON.stringify(got)}`);
    await db.createCollection(`made_${name}`, options);
    c.equal((await db.listCollections()).filter((d) => d.name === coll.name).length, 1, `${name}: made once`);
    await coll.drop();
  }
}

async function refused(c, db) {
  await db.createCollection("fixed", { vector: { dimension: 3 } });
  for (const options of [{ vector: { dimension: 4 } }, { vector: { dimension: 3, metric: "euclidean" } }, {}, { vector: { dimension: 3 }, indexing: { deny: ["x"] } }]) {
    await c.refused(db.createCollection("fixed", options), DataAPIResponseError, "EXISTING_COLLECTION_DIFFERENT_SETTINGS", JSON.stringify(options));
  }
  await db.dropCollection("fixed");
  const table = [
    ["bad name!", {}, "UNSUPPORTED_SCHEMA_NAME"], ["x".repeat(49), {}, "UNSUPPORTED_SCHEMA_NAME"],
    ["c", { vector: { dimension: 5000 } }, "VECTOR_SEARCH_TOO_BIG_VALUE"], ["c", { indexing: { deny: ["a"], allow: ["b"] } }, "INVALID_INDEXING_DEFINITION"],
    ["c", { vector: { service: { provider: "nobody", modelName: "m" } } }, "INVALID_CREATE_COLLECTION_OPTIONS"],
  ];
  for (const [name, options, code] of table) {
    await c.refused(db.createCollection(name, options), DataAPIResponseError, code, `${name} ${JSON.stringify(options)}`);
  }
  for (const options of [{ vector: { dimension: -1 } }, { vector: { dimension: 3, metric: "far" } }, { defaultId: { type: "odd" } }]) {
    await c.throws(db.createCollection("c", options), DataAPIResponseError, JSON.stringify(options));
  }
}

async function lists(c, db) {
  const before = await db.listCollections({ nameOnly: true });
  await db.createCollection("listed", { vector: { dimension: 3 } });
  c.sorted(await db.listCollections({ nameOnly: true }), [...before, "listed"], "names");
  const whole = (await db.listCollections()).find((d) => d.name === "listed");
  c.equal(whole.definition.vector, { dimension: 3, metric: "cosine", sourceModel: "other" }, "definition");
  await db.dropCollection("listed");
  await db.dropCollection("listed");
  c.sorted(await db.listCollections({ nameOnly: true }), before, "dropped, twice");
  await c.refused(db.collection("listed").insertOne({}), DataAPIResponseError, "UNKNOWN_COLLECTION_OR_TABLE", "insert into none");
  await c.refused(db.collection("listed").findOne({}), DataAPIResponseError, "UNKNOWN_COLLECTION_OR_TABLE", "read from none");
  await c.refused(db.collection("listed").deleteMany({ a: 1 }).catch((e) => { throw e.cause ?? e; }), DataAPIResponseError, "UNKNOWN_COLLECTION_OR_TABLE", "delete from none");
  await c.throws(db.collection("listed").options(), Error, "options of none");
}

async function indexing(c, db) {
  const coll = await db.createCollection("indexed", { indexing: { deny: ["secret", "deep.secret"] } });
  await coll.insertOne({ _id: "a", secret: "x".repeat(9000), open: 1, deep: { secret: 1, open: 1 } });
  c.equal((await coll.findOne({ open: 1 }))._id, "a", "by an indexed field");
  c.equal((await coll.findOne({ "deep.open": 1 }))._id, "a", "by a deep one");
  for (const filter of [{ secret: "x" }, { "deep.secret": 1 }]) {
    await c.refused(coll.findOne(filter), DataAPIResponseError, "FILTER_PATH_UNINDEXED", JSON.stringify(filter));
  }
  await c.refused(coll.find({}).sort({ secret: 1 }).toArray(), DataAPIResponseError, "SORT_CLAUSE_PATH_UNINDEXED", "a sort");
  await coll.drop();
}

async function keyspaces(c, db) {
  const admin = db.admin({ environment: "hcd" });
  const before = await admin.listKeyspaces();
  c.ok(before.includes(db.keyspace), "the default one");
  await admin.createKeyspace("second");
  c.sorted(await admin.listKeyspaces(), [...before, "second"], "made");
  const coll = await db.createCollection("there", { keyspace: "second" });
  c.equal([coll.keyspace, await db.listCollections({ keyspace: "second", nameOnly: true })], ["second", ["there"]], "a collection in it");
  c.equal((await db.listCollections({ nameOnly: true })).includes("there"), false, "it is not elsewhere");
  await db.dropCollection("there", { keyspace: "second" });
  await admin.dropKeyspace("second");
  c.sorted(await admin.listKeyspaces(), before, "dropped");
  await c.refused(db.listCollections({ keyspace: "second" }), DataAPIResponseError, "UNKNOWN_KEYSPACE", "an unknown one");
  const { embeddingProviders } = await admin.findEmbeddingProviders();
  c.ok(embeddingProviders.openai.models.length > 0, "embedding providers");
  const { rerankingProviders } = await admin.findRerankingProviders();
  c.ok(rerankingProviders.nvidia.models.length > 0, "reranking providers");
}

async function errors(c, db, client, endpoint) {
  const unknown = await c.refused(db.command({ nothing: {} }), DataAPIResponseError, "COMMAND_UNKNOWN", "an unknown command");
  c.equal(unknown?.errorDescriptors[0].family, "REQUEST", "family");
  c.ok(unknown?.errorDescriptors[0].title && unknown?.errorDescriptors[0].id, "title and id");
  c.equal(unknown?.message, unknown?.errorDescriptors[0].message, "message");
  c.equal(unknown?.command, { nothing: {} }, "command");
  c.equal((await db.command({ findCollections: {} })).status.collections.length > 0, true, "a raw command");
  const tokenless = client.db(endpoint, { keyspace: db.keyspace, token: "" });
  await c.throws(tokenless.listCollections(), Error, "without a token");
  c.ok(DataAPIHttpError, "the class of HTTP errors");
}
