// Where a registration goes is not the record's word: the token of a partition leaves the machine for its own address alone.
import { expect, test } from "vitest";
import { registrationUrl } from "../../domain/configuration.ts";
import { owned, recordOf } from "../control/record-of.ts";
import { agentBench, registration } from "./agent-bench.ts";

const claimed = recordOf({ ...owned, state: "claimed", registration });
const [own] = registration;

async function told(
  url: string,
  partition = claimed.partition,
  changes: Parameters<ReturnType<typeof agentBench>["run"]>[0] = {},
) {
  const read: string[] = [];
  const bench = agentBench({
    record: { ...claimed, partition, registration: [{ ...own, url }] },
    secrets: {
      read: (name) => {
        read.push(name);
        return Promise.resolve({ value: "ATOKEN", writtenAt: 0 });
      },
    },
  });
  void bench.run(changes);
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
  "https://attacker.example/acme/shop",
  "https://github.test.attacker.example/acme/shop",
  "https://github.test@attacker.example/acme/shop",
  "http://github.test/acme/shop",
  "https://github.test/acme/other",
  "https://github.test/acme",
])("a record that says %s is refused with the reason, before any token is read", async (url) => {
  const { kind, cause, detail, read, requests } = await told(url);
  expect([kind, cause, read, requests]).toEqual(["register-failed", "refused", [], []]);
  expect(detail).toContain(`register at ${url}`);
  expect(detail).toContain("register at https://github.test/acme/shop: no token was read");
});

test("the address of its own partition is taken, and the runner goes into the group that the machine was told of", async () => {
  const own = await told("https://github.test/acme/shop");
  expect([own.kind, own.read.length, own.requests[0]?.group]).toEqual(["registered", 1, undefined]);
  const forge = { serverUrl: "https://github.test", owners: { ui: "acme" } };
  const shared = await told("https://github.test/acme", "ui", { forge, runnerGroup: "ours" });
  expect([shared.kind, shared.requests[0]?.group]).toEqual(["registered", "ours"]);
});

test("a scope of all partitions stands before their own, and no name of a partition is taken for a property", () => {
  const at = { serverUrl: "https://ghes.example", owners: { ui: "acme" } };
  expect(registrationUrl({ ...at, scope: "enterprises/big" }, "ui")).toBe("https://ghes.example/enterprises/big");
  expect(registrationUrl(at, "github:acme/shop")).toBe("https://ghes.example/acme/shop");
  expect(registrationUrl(at, "constructor")).toBe("https://ghes.example/constructor");
});
