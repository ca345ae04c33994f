import { describe, expect, it } from "vitest";
import { bytes, count, plural, rate, share, short } from "./numbers";
import { health, isOver, needsPerson, outcome, status, urgency } from "./status";
import { formFields, plainly, reasonOf } from "./sayings";
import { fromNow, span } from "./times";

describe("numbers", () => {
  it("have separators, and are shortened where space is short", () => {
    expect(count(1196590)).toBe("1,196,590");
    expect(count(undefined)).toBe("0");
    expect([999, 9999, 12_345, 999_949, 999_950, 1_200_000, 2.5e9].map(short)).toEqual(["999", "9,999", "12.3k", "999.9k", "1M", "1.2M", "2.5bn"]);
    expect([plural(1, "row"), plural(2, "row"), plural(0, "retry", "retries")]).toEqual(["1 row", "2 rows", "0 retries"]);
  });
  it("tell rates, shares and sizes", () => {
    expect([rate(0), rate(0.5), rate(4.25), rate(1900), rate(136_200)]).toEqual(["0/s", "30/min", "4.3/s", "1,900/s", "136.2k/s"]);
    expect([share(0, 0), share(1, 3), share(1, 100_000)]).toEqual(["0 %", "33.3 %", "< 0.1 %"]);
    expect([bytes(12), bytes(1500), bytes(2_340_000)]).toEqual(["12 B", "1.5 kB", "2.3 MB"]);
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  it("are told as people say them", () => {
    expect(fromNow("2026-11-27T11:56:00Z", now)).toBe("4 min ago");
    expect(fromNow("2026-11-27T12:11:00Z", now)).toBe("in 11 min");
    expect(fromNow("2026-11-27T11:59:58Z", now)).toBe("now");
    expect(fromNow("2026-11-24T12:00:00Z", now)).toBe("3 days ago");
    expect(fromNow("yesterday", now)).toBe("at an unknown time");
  });
  it("span from milliseconds to days", () => {
    expect([0, 0.4, 3.14, 42, 200, 3600, 86_399, 90_000].map(span)).toEqual(["0 s", "400 ms", "3.1 s", "42 s", "3 min 20 s", "1 h", "24 h", "1 d 1 h"]);
    expect(span(7_179)).toBe("2 h");
  });
});

describe("what tools say", () => {
  it("is read without the JSON around it", () => {
    expect(plainly('Property values were not valid: [{"isValid":false,"message":"Email address a@@b is invalid","error":"INVALID_EMAIL"}]')).toBe("Property values were not valid: Email address a@@b is invalid");
    expect(plainly('{"errors":[{"message":"one"},{"message":"two"},{"message":"one"}]}')).toBe("one; two");
  });
  it("stays as it is where it is no JSON, or JSON that says nothing", () => {
    for (const text of ["Rate limit reached", "bad value {x}", '[1,2]', '{"code":7}']) expect(plainly(text)).toBe(text);
  });
  it("has a code or not", () => {
    expect(reasonOf({ code: "GONE", message: "no such list" })).toBe("GONE: no such list");
    expect(reasonOf({ code: "", message: "connection reset" })).toBe("connection reset");
  });
  it("is a form where it looks like one", () => {
    expect(formFields("channel=%23sales&text=Firm%208%20has+ordered")).toEqual({ channel: "#sales", text: "Firm 8 has ordered" });
    for (const text of ["", "hello", "a = b", '{"a":"b=c"}', "<a b=c/>"]) expect(formFields(text)).toBeUndefined();
  });
});

describe("states", () => {
  it("have a word and a shape, known or not", () => {
    expect(health({ health: "late" })).toMatchObject({ word: "Late", shape: "clock" });
    expect(status({ status: "odd" as never })).toMatchObject({ word: "odd", tone: "quiet" });
    expect(outcome("in_doubt").word).toBe("in doubt");
    expect(health({ health: "partial", in_doubt: 2 }).word).toBe("In doubt");
    expect(health({ health: "failed", in_doubt: 2 }).word).toBe("Failed");
  });
  it("put first what needs a person", () => {
    const sync = (of: "healthy" | "failed" | "partial" | "paused" | "never", in_doubt = 0) => ({ health: of, in_doubt });
    expect([sync("healthy"), sync("paused"), sync("never")].some(needsPerson)).toBe(false);
    expect(needsPerson(sync("healthy", 2))).toBe(true);
    expect(urgency(sync("failed"))).toBeLessThan(urgency(sync("partial")));
    expect(isOver({ status: "queued" })).toBe(false);
    expect(isOver({ status: "interrupted" })).toBe(true);
  });
});
