// deleteOne and deleteMany.

import { CollectionDeleteManyError, DataAPITimeoutError } from "@datastax/astra-db-ts";

export async function removing(c, { plain: coll }) {
  const fill = async (n) => {
    await coll.deleteMany({});
    await coll.insertMany(Array.from({ length: n }, (_, i) => ({ _id: i, n: i, even: i % 2 === 0 })));
  };
  await c.section("deleteOne", async () => {
    await fill(5);
    c.equal(await coll.deleteOne({ _id: 1 }), { deletedCount: 1 }, "by id");
    c.equal(await coll.deleteOne({ _id: 1 }), { deletedCount: 0 }, "again");
    c.equal(await coll.deleteOne({ even: true }, { sort: { n: -1 } }), { deletedCount: 1 }, "the first by a sort");
    c.equal(await coll.findOne({ _id: 4 }), null, "it is gone");
    c.equal(await coll.countDocuments({}, 10), 3, "left");
  });
  await c.section("deleteMany", async () => {
    await fill(90);
    c.equal(await coll.deleteMany({ even: true }), { deletedCount: 45 }, "in pages");
    c.equal(await coll.deleteMany({ even: true }), { deletedCount: 0 }, "again");
    c.equal(await coll.countDocuments({}, 100), 45, "left");
    c.equal(await coll.deleteMany({ n: { $lt: 10 } }), { deletedCount: 5 }, "a range");
    c.equal(await coll.deleteMany({}), { deletedCount: -1 }, "all, uncounted");
    c.equal(await coll.findOne({}), null, "nothing left");
    await fill(100);
    const timed = await c.throws(coll.deleteMany({ n: { $gte: 0 } }, { timeout: 60 }), CollectionDeleteManyError, "a time-out");
    c.ok(timed?.cause instanceof DataAPITimeoutError, "its cause");
    c.equal(typeof timed?.partialResult.deletedCount, "number", "its partial result");
  });
}
