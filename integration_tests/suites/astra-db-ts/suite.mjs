// Calls what @datastax/astra-db-ts has for collections and databases, and compares the answers
// with what a Data API gives. Prints how many comparisons were made, and those that differed.
//
// usage: node suite.mjs ENDPOINT TOKEN

import { DataAPIClient } from "@datastax/astra-db-ts";
import { changing } from "./changing.mjs";
import { Checks } from "./checks.mjs";
import { finding } from "./finding.mjs";
import { inserting } from "./inserting.mjs";
import { removing } from "./removing.mjs";
import { schema } from "./schema.mjs";
import { searching } from "./searching.mjs";
import { values } from "./values.mjs";

const [endpoint, token] = process.argv.slice(2);
const client = new DataAPIClient({ environment: "hcd" });
const db = client.db(endpoint, { token, keyspace: "default_keyspace" });
const checks = new Checks();
const context = {
  client, db, endpoint,
  plain: await db.createCollection("plain", { vector: { dimension: 5 } }),
  flat: await db.createCollection("flat", {}),
};
for (const part of [inserting, finding, changing, removing, values, schema, searching]) await part(checks, context);
await client.close();
for (const difference of checks.differences) console.log(difference);
console.log(`${checks.count} compared, ${checks.differences.length} different`);
process.exitCode = checks.differences.length === 0 ? 0 : 1;
