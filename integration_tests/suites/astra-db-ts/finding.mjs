// find and findOne: filters, projections, sorts, pages and the cursor's ways; counts, distinct.

import {
  CursorError, DataAPIResponseError, DataAPIVector, TooManyDocumentsToCountError, vector,
} from "@datastax/astra-db-ts";

const total = 45;
const document = (n) => ({
  _id: `d${String(n).padStart(2, "0")}`, n, even: n % 2 === 0, group: n % 3, nothing: null,
  deep: { x: n, list: [n, n + 1, { y: n }] }, tags: n % 5 === 0 ? ["five", "all"] : ["all"],
  when: new Date(1.6e12 + n), "a.b": n, $vector: vector([1, n / total, 0, 0, 0]),
});
const numbers = (list) => list.map((d) => d.n).sort((a, b) => a - b);
const where = (test) => Array.from({ length: total }, (_, n) => n).filter(test);

export async function finding(c, { plain, flat }) {
  await plain.deleteMany({});
  await plain.insertMany(Array.from({ length: total }, (_, n) => document(n)));
  await c.section("filters", () => filters(c, plain));
  await c.section("projections", () => projections(c, plain));
  await c.section("sorts", () => sorts(c, plain, flat));
  await c.section("findOne", () => one(c, plain));
  await c.section("cursors", () => cursors(c, plain));
  await c.section("counts", () => counts(c, plain));
}

async function filters(c, coll) {
  const table = [
    [{}, () => true], [{ n: 3 }, (n) => n === 3], [{ n: { $eq: 3 } }, (n) => n === 3], [{ n: { $ne: 3 } }, (n) => n !== 3],
    [{ n: { $gt: 40 } }, (n) => n > 40], [{ n: { $gte: 40 } }, (n) => n >= 40], [{ n: { $lt: 4 } }, (n) => n < 4],
    [{ n: { $lte: 4 } }, (n) => n <= 4], [{ n: { $gt: 3, $lt: 9 } }, (n) => n > 3 && n < 9],
    [{ n: { $in: [1, 2, 99] } }, (n) => n === 1 || n === 2], [{ n: { $nin: [1, 2] } }, (n) => n !== 1 && n !== 2],
    [{ n: { $in: [] } }, () => false], [{ _id: { $in: ["d01", "d02"] } }, (n) => n === 1 || n === 2],
    [{ even: true }, (n) => n % 2 === 0], [{ even: false, group: 1 }, (n) => n % 2 === 1 && n % 3 === 1],
    [{ $and: [{ even: true }, { group: 0 }] }, (n) => n % 6 === 0], [{ $or: [{ n: 1 }, { n: 2 }] }, (n) => n === 1 || n === 2],
    [{ $not: { even: true } }, (n) => n % 2 === 1], [{ n: { $not: { $gt: 3 } } }, (n) => n <= 3],
    [{ $and: [{ $or: [{ n: 1 }, { n: 4 }] }, { even: true }] }, (n) => n === 4],
    [{ nothing: null }, () => true], [{ nothing: { $exists: true } }, () => true], [{ missing: { $exists: true } }, () => false],
    [{ missing: { $exists: false } }, () => true], [{ "deep.x": 7 }, (n) => n === 7], [{ "deep.list.0": 7 }, (n) => n === 7],
    [{ "deep.list.2.y": 7 }, (n) => n === 7], [{ deep: { x: 7, list: [7, 8, { y: 7 }] } }, (n) => n === 7],
    [{ tags: "five" }, (n) => n % 5 === 0], [{ tags: { $all: ["all", "five"] } }, (n) => n % 5 === 0],
    [{ tags: { $size: 2 } }, (n) => n % 5 === 0], [{ tags: ["all"] }, (n) => n % 5 !== 0], [{ "tags.1": "all" }, (n) => n % 5 === 0],
    [{ when: new Date(1.6e12 + 3) }, (n) => n === 3], [{ when: { $lt: new Date(1.6e12 + 3) } }, (n) => n < 3],
    [{ "a&.b": 5 }, (n) => n === 5], [{ n: "3" }, () => false], [{ _id: "d05", n: 6 }, () => false],
  ];
  for (const [filter, test] of table) {
    c.equal(numbers(await coll.find(filter).toArray()), where(test), JSON.stringify(filter));
    const counted = filter._id?.$in ? 1 : where(test).length; // a Data API counts the first id only
    c.equal(await coll.countDocuments(filter, 1000), counted, `count ${JSON.stringify(filter)}`);
  }
  const refused = [
    [{ n: { $bad: 1 } }, "FILTER_UNSUPPORTED_OPERATOR"], [{ $bad: 1 }, "FILTER_INVALID_EXPRESSION"],
    [{ tags: { $size: -1 } }, "FILTER_INVALID_EXPRESSION"], [{ n: { $in: 1 } }, "FILTER_INVALID_EXPRESSION"],
    [{ n: { $in: Array(101).fill(1) } }, "FILTER_INVALID_EXPRESSION"], [{ n: { $exists: 1 } }, "FILTER_INVALID_EXPRESSION"],
  ];
  for (const [filter, code] of refused) {
    await c.refused(coll.find(filter).toArray(), DataAPIResponseError, code, JSON.stringify(filter));
  }
}

async function projections(c, coll) {
  const whole = document(3);
  const without = ({ $vector: _, ...rest }) => rest;
  const table = [
    [{}, without(whole)], [{ n: 1 }, { _id: "d03", n: 3 }], [{ n: true, _id: 0 }, { n: 3 }], [{ _id: 1 }, without(whole)],
    [{ n: 1, even: 1 }, { _id: "d03", n: 3, even: false }], [{ "deep.x": 1 }, { _id: "d03", deep: { x: 3 } }],
    [{ "deep.list": { $slice: 1 }, n: 1 }, { _id: "d03", n: 3, deep: { list: [3] } }], [{ missing: 1 }, { _id: "d03" }],
    [{ deep: 0, tags: 0, when: 0, "a&.b": 0, nothing: 0 }, { _id: "d03", n: 3, even: false, group: 0 }],
    [{ _id: 0, deep: 0, tags: 0, when: 0, "a&.b": 0 }, { n: 3, even: false, group: 0, nothing: null }], [{ "a&.b": 1 }, { _id: "d03", "a.b": 3 }],
  ];
  for (const [projection, want] of table) {
    c.equal(await coll.findOne({ n: 3 }, { projection }), want, `findOne ${JSON.stringify(projection)}`);
    c.equal(await coll.find({ n: 3 }).project(projection).toArray(), [want], `find ${JSON.stringify(projection)}`);
  }
  const all = await coll.findOne({ n: 3 }, { projection: { "*": 1 } });
  c.ok(all.$vector instanceof DataAPIVector, "* gives the vector");
  c.equal(all.$vector.length, 5, "its length");
  const named = await coll.findOne({ n: 3 }, { projection: { $vector: 1 } });
  c.equal(named.$vector.asArray().map((x) => Number(x.toFixed(4))), [1, 0.0667, 0, 0, 0], "$vector by name");
  c.equal((await coll.findOne({ n: 3 }, { projection: { "*": 0 } })), {}, "* excluded");
  await c.refused(coll.findOne({}, { projection: { n: 1, even: 0 } }), DataAPIResponseError, "UNSUPPORTED_PROJECTION_PARAM", "mixed");
}

async function sorts(c, coll, flat) {
  const ordered = async (sort, more = {}) => (await coll.find({}, { sort, ...more }).toArray()).map((d) => d.n);
  c.equal(await ordered({ n: 1 }), where((n) => n < 20), "ascending, one page");
  c.equal(await ordered({ n: -1 }), where((n) => n > 24).reverse(), "descending, one page");
  c.equal(await ordered({ group: -1, n: 1 }, { limit: 3 }), [2, 5, 8], "two keys");
  c.equal(await ordered({ n: 1 }, { skip: 10, limit: 4 }), [10, 11, 12, 13], "skip and limit");
  c.equal(await ordered({ n: 1 }, { skip: 44 }), [44], "skip to the last");
  c.equal(await ordered({ n: 1 }, { skip: 60 }), [], "skip past the end");
  c.equal(await ordered({ when: -1 }, { limit: 2 }), [44, 43], "dates");
  c.equal(await ordered({ "deep.x": -1 }, { limit: 2 }), [44, 43], "a path");
  const near = await coll.find({}, { sort: { $vector: [1, 0, 0, 0, 0] }, limit: 3, includeSimilarity: true }).toArray();
  c.equal(near.map((d) => d.n), [0, 1, 2], "nearest");
  c.equal(near[0].$similarity, 1, "similarity of the same");
  c.ok(near[0].$similarity > near[1].$similarity && near[1].$similarity > near[2].$similarity, "similarities fall");
  c.equal((await coll.find({ n: { $gt: 20 } }, { sort: { $vector: vector([1, 0, 0, 0, 0]) }, limit: 2 }).toArray()).map((d) => d.n), [21, 22], "filtered");
  const bare = await coll.findOne({}, { sort: { $vector: new Float32Array([1, 0, 0, 0, 0]) } });
  c.equal([bare.n, "$similarity" in bare], [0, false], "no similarity unless asked");
  const cursor = coll.find({}, { sort: { $vector: [1, 0, 0, 0, 0] }, includeSortVector: true, limit: 1 });
  c.equal((await cursor.getSortVector()).asArray(), [1, 0, 0, 0, 0], "sort vector");
  c.equal((await cursor.toArray()).length, 1, "documents after the sort vector");
  c.equal(await coll.find({}, { sort: { $vector: [1, 0, 0, 0, 0] } }).getSortVector(), null, "no sort vector unless asked");
  c.equal(await coll.find({}, { includeSortVector: true }).getSortVector(), null, "no sort, no vector");
  await c.refused(ordered({ $vector: [1, 2] }), DataAPIResponseError, "INVALID_VECTOR_LENGTH", "a short vector");
  await c.refused(ordered({ $vector: [1, 0, 0, 0, 0], n: 1 }), DataAPIResponseError, "SORT_CLAUSE_INVALID", "a vector and a field");
  await c.refused(ordered({ n: 2 }), DataAPIResponseError, "SORT_CLAUSE_INVALID", "a bad direction");
  await c.refused(flat.find({}, { sort: { $vector: [1] } }).toArray(), DataAPIResponseError, "VECTOR_SEARCH_NOT_SUPPORTED", "no vectors here");
}

async function one(c, coll) {
  c.equal((await coll.findOne({ _id: "d07" })).n, 7, "by id");
  c.equal(await coll.findOne({ _id: "none" }), null, "none");
  c.equal((await coll.findOne({}, { sort: { n: -1 } })).n, 44, "sorted");
  c.equal((await coll.findOne({ even: false }, { sort: { n: 1 }, projection: { n: 1 } })), { _id: "d01", n: 1 }, "sorted, filtered, projected");
  const similar = await coll.findOne({}, { sort: { $vector: [1, 0, 0, 0, 0] }, includeSimilarity: true, projection: { n: 1 } });
  c.equal(similar, { _id: "d00", n: 0, $similarity: 1 }, "with its similarity");
}

async function cursors(c, coll) {
  const cursor = coll.find({}).sort({ n: 1 }).limit(18).project({ n: 1, _id: 0 });
  c.equal(cursor.state, "idle", "state at first");
  c.equal(await cursor.hasNext(), true, "hasNext");
  c.equal(cursor.state, "started", "state while reading");
  c.equal(await cursor.next(), { n: 0 }, "next");
  c.equal([cursor.consumed(), cursor.buffered() > 0], [1, true], "consumed and buffered");
  c.equal(cursor.consumeBuffer(2), [{ n: 1 }, { n: 2 }], "a part of the buffer");
  await c.throws((async () => cursor.limit(1))(), CursorError, "changing a started cursor");
  c.equal((await cursor.toArray()).length, 15, "the rest");
  c.equal(cursor.state, "closed", "state at the end");
  c.equal(await cursor.next(), null, "next after the end");
  await c.throws(cursor.toArray(), CursorError, "reading a closed cursor");
  cursor.rewind();
  c.equal((await cursor.next()), { n: 0 }, "rewound");
  c.equal((await cursor.clone().toArray()).length, 18, "a clone starts afresh");
  cursor.close();
  c.equal([cursor.state, cursor.buffered()], ["closed", 0], "closed");
  c.equal((await coll.find({}).toArray()).length, total, "all pages");
  c.equal((await coll.find({ n: { $gte: 5 } }).limit(23).toArray()).length, 23, "a limit in the second page");
  c.equal(await coll.find({ n: { $lt: 3 } }).sort({ n: 1 }).map((d) => d.n + 1).map((n) => n * 2).toArray(), [2, 4, 6], "mapped twice");
  let seen = 0;
  await coll.find({}).forEach(() => ++seen < 7);
  c.equal(seen, 7, "forEach until false");
  seen = 0;
  for await (const _ of coll.find({})) seen++;
  c.equal(seen, total, "for await");
  const pages = [];
  let state;
  do {
    const page = await coll.find({}, { initialPageState: state }).fetchNextPage();
    pages.push(page.result.length);
    state = page.nextPageState ?? undefined;
  } while (state);
  c.equal(pages.reduce((a, b) => a + b), total, "pages by state");
  c.ok(pages.length > 1, "more than one page");
  const empty = await coll.find({ n: -1 }).fetchNextPage();
  c.equal([empty.result, empty.nextPageState], [[], null], "an empty page");
}

async function counts(c, coll) {
  c.equal(await coll.countDocuments({}, total), total, "as many as the bound");
  const own = await c.throws(coll.countDocuments({}, total - 1), TooManyDocumentsToCountError, "above the bound");
  c.equal([own?.limit, own?.hitServerLimit], [total - 1, false], "its fields");
  c.equal(await coll.countDocuments({ n: -1 }, 1), 0, "none");
  for (const bound of [0, -1, undefined]) await c.throws(coll.countDocuments({}, bound), Error, `a bound of ${bound}`);
  c.equal(await coll.estimatedDocumentCount(), total, "estimated");
  const distinct = async (key, filter = {}) => (await coll.distinct(key, filter)).sort();
  c.equal(await distinct("group"), [0, 1, 2], "distinct numbers");
  c.equal(await distinct("even"), [false, true], "distinct truths");
  c.equal(await distinct("tags"), ["all", "five"], "distinct members");
  c.equal(await distinct("tags.0"), ["all", "five"], "distinct first members");
  c.equal(await distinct("group", { n: { $lt: 2 } }), [0, 1], "distinct with a filter");
  c.equal(await distinct("deep.list.2.y", { n: { $lt: 2 } }), [0, 1], "distinct deep");
  c.equal(await distinct("missing"), [], "distinct of nothing");
  c.equal(await distinct("nothing"), [null], "distinct null");
  c.equal((await coll.distinct("when", { n: { $lt: 2 } })).length, 2, "distinct dates");
}
