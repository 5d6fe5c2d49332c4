// Checks counts what was compared and keeps what differed, so that one difference does not
// hide the others.

import { isDeepStrictEqual, inspect } from "node:util";

export class Checks {
  count = 0;
  differences = [];
  #place = "";

  // section runs one part; an exception that nobody expected is a difference.
  async section(name, run) {
    this.#place = name;
    try {
      await run();
    } catch (error) {
      this.#differs("no exception", error, "it");
    }
  }

  equal(got, want, what) {
    this.count++;
    if (!isDeepStrictEqual(got, want)) this.#differs(want, got, what);
  }

  ok(got, what) {
    this.equal(Boolean(got), true, what);
  }

  // sorted compares without regard to the order.
  sorted(got, want, what) {
    this.equal([...got].sort(), [...want].sort(), what);
  }

  // throws expects an error of a class, and returns it.
  async throws(promise, type, what) {
    this.count++;
    try {
      const got = await promise;
      this.#differs(type.name, got, what);
    } catch (error) {
      if (error instanceof type) return error;
      this.#differs(type.name, error, what);
    }
    return undefined;
  }

  // refused expects the Data API to refuse with a code, and returns the error.
  async refused(promise, type, code, what) {
    const error = await this.throws(promise, type, what);
    if (error !== undefined) this.equal(error.errorDescriptors?.[0]?.errorCode, code, `${what}: code`);
    return error;
  }

  #differs(want, got, what) {
    this.differences.push(`${this.#place}: ${what}: wanted ${inspect(want)}, got ${inspect(got, { depth: 4 })}`);
  }
}
