// Queries of CloudWatch Logs Insights on the pages ask for fields and events that refresh's log has.
import { expect, test } from "vitest";
import { metrics } from "../../domain/metrics.ts";
import { outcomeMetrics } from "../../entry/lambdas/outcome-metrics.ts";
import type { Told } from "../../domain/outcome.ts";
import { sources } from "../tidy/sources.ts";
import { blocksOf, documents } from "./markdown.ts";

const told: Told = {
  runId: "1",
  outcome: {
    attempt: 1,
    provisionId: "provision",
    repository: "octo-org/octo-repo",
    resourceClass: "large",
    usageClass: "spot",
    at: 1,
    readyMs: 1,
    created: 1,
    reused: 1,
    claimsLost: 0,
    usdPerHour: 1,
  },
};
const used = { ...told, endedAt: 2, instanceSeconds: 1, usd: 1 };
const lines = outcomeMetrics("prod", { ready: [told], used: [used] });
/** Of metric lines, and of every line of the log (entry/json-log.ts) with the facts that the queries show. */
const fields = new Set([
  ...lines.flatMap((line) => Object.keys(JSON.parse(line) as object)),
  "at",
  "event",
  "@message",
  "part",
  "of",
  "error",
  "instance",
  "by",
  "reason.code",
]);

/** One after the other, each under a comment that says what it asks. */
const queries = documents
  .flatMap(blocksOf)
  .filter(({ language, text }) => language === "" && /\|\s*(filter|stats|sort) /.test(text))
  .flatMap(({ text, place }) =>
    text.split(/\n\s*\n/).map((query) => ({ query: query.replaceAll(/^#.*$/gm, ""), place })),
  );

/** Names that a query uses: what stands after a command, inside a function or behind `by`, without what it names itself. */
function unknownIn(query: string): readonly string[] {
  const own = new Set([...query.matchAll(/ as (\w+)/g)].map(([, name]) => name));
  const words = query
    .replaceAll(/"[^"]*"/g, " ")
    .replaceAll(/\b(fields|filter|stats|sort|limit|desc|by|as|in|count|sum|avg|pct|ispresent)\b/g, " ");
  return [...words.matchAll(/@?[A-Za-z][\w.]*/g)]
    .map(([name]) => name)
    .filter((name) => !own.has(name) && !fields.has(name));
}

const eventsOf = (query: string): readonly string[] =>
  [...query.matchAll(/event (?:=|in) (\[[^\]]*\]|"[^"]*")/g)].flatMap(([, named = ""]) =>
    [...named.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
  );
const written = (event: string): boolean =>
  sources.some(({ path, text }) => !path.startsWith("test/") && text.includes(`event("${event}"`));

test("every field and event of a query is written", () => {
  expect(queries.length).toBeGreaterThan(3);
  for (const { query, place } of queries) {
    expect(unknownIn(query), place).toEqual([]);
    expect(eventsOf(query).filter((event) => !written(event))).toEqual([]);
  }
  expect(queries.flatMap(({ query }) => eventsOf(query)).length).toBeGreaterThan(2);
  expect(unknownIn("stats sum(Cost) as usd by repository | sort usd desc")).toEqual(["Cost"]);
});

test("what provisions add to a month is said right", () => {
  const names = new Set(
    lines.flatMap((line) =>
      Object.values(metrics).flatMap(({ name }) => (name in (JSON.parse(line) as object) ? [name] : [])),
    ),
  );
  const text = documents.find(({ path }) => path === "docs/costs.md")?.text ?? "";
  expect(text).toContain(`those of provisions and releases (${names.size}) add up to ${(names.size * 0.3).toFixed(2)}`);
});
