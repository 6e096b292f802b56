// Where a registration goes is not the record's word: the token of a partition is used at its own scope of the machine's own server alone.
import { expect, test } from "vitest";
import { registrationScope } from "../../domain/configuration.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration, type BenchWish } from "./agent-bench.ts";

const claimed = recordOf({ ...owned, state: "claimed", registration });
const [own] = registration;

async function told(
  scope: string,
  partition = claimed.partition,
  enrolment: BenchWish["enrolment"] = {},
  more: Partial<typeof own> = {},
) {
  const read: string[] = [];
  const bench = agentBench({
    record: { ...claimed, partition, registration: [{ ...own, scope, ...more }] },
    enrolment: enrolment ?? {},
    secrets: {
      read: (name) => {
        read.push(name);
        return Promise.resolve({ value: "ATOKEN", writtenAt: 0 });
      },
    },
  });
  void bench.run();
  await bench.until(() => ["register-failed", "registered"].includes(bench.record().signal?.kind ?? ""));
  return {
    kind: bench.record().signal?.kind,
    cause: bench.record().signal?.cause,
    detail: bench.record().signal?.detail ?? "",
    read,
    requests: bench.requests,
  };
}

test.each([
  "acme/other",
  "acme",
  "acme/shop/",
  "enterprises/acme",
  "https://github.test/acme/shop",
  "../attacker.example/acme/shop",
])("a record that says %s is refused with the reason, before any token is read", async (scope) => {
  const { kind, cause, detail, read, requests } = await told(scope);
  expect([kind, cause, read, requests]).toEqual(["register-failed", "refused", [], []]);
  expect(detail).toContain(`register at github ${scope};`);
  expect(detail).toContain("register at github acme/shop: no token was read");
});

test("so is one of another forge, and a way to enrol that GitHub does not have", async () => {
  for (const more of [{ forge: "gitlab" }, { kind: "manager" }]) {
    const { kind, cause, read, requests } = await told("acme/shop", undefined, {}, more);
    expect([kind, cause, read, requests]).toEqual(["register-failed", "refused", [], []]);
  }
});

test("the scope of its own partition is taken, at the machine's own server, and the runner goes into the group that the machine was told of", async () => {
  const own = await told("acme/shop");
  expect([own.kind, own.read.length, own.requests[0]?.group]).toEqual(["registered", 1, undefined]);
  expect(own.requests[0]?.url).toBe("https://github.test/acme/shop");
  const forge = { serverUrl: "https://github.test", owners: { ui: "acme" } };
  const shared = await told("acme", "ui", { forge, runnerGroup: "ours" });
  expect([shared.kind, shared.requests[0]?.group]).toEqual(["registered", "ours"]);
});

test("a scope of all partitions stands before their own, and no name of a partition is taken for a property", () => {
  const at = { owners: { ui: "acme" } };
  expect(registrationScope({ ...at, scope: "enterprises/big" }, "ui")).toBe("enterprises/big");
  expect(registrationScope(at, "github:acme/shop")).toBe("acme/shop");
  expect(registrationScope(at, "constructor")).toBe("constructor");
});
