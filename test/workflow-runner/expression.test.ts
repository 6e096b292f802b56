// The workflow runner's own parts: expressions as GitHub evaluates them, matrices, files of a step, keys that are not played.
import { describe, expect, test } from "vitest";
import { evaluate, fill, holds, type Scope } from "./expression.ts";
import type { Value } from "./expression-value.ts";
import { assignments } from "./file-commands.ts";
import { keptOf } from "./run-workflow.ts";
import { statusOf } from "./stage.ts";
import { legsOf, readWorkflow } from "./workflow.ts";

const scope: Scope = {
  contexts: {
    github: { run_id: "1001", job: "build" },
    needs: { provision: { result: "success", outputs: { count: "2", ids: '["i-1","i-2"]' } } },
    strategy: { "job-total": 2, "job-index": 0 },
    matrix: {},
  },
};

test.each<[string, Value]>([
  ["github.run_id", "1001"],
  ["github['RUN_ID']", "1001"],
  ["github.nothing.at.all", null],
  ["needs.provision.outputs.count > 1", true],
  ["needs.provision.outputs.count == 2", true],
  ["needs.provision.result == 'SUCCESS' && !matrix.os", true],
  ["1 < 2 || github.nothing", true],
  ["github.nothing || 'else'", "else"],
  ["github.run_id && ''", ""],
  ["(1 == 2) != true", true],
  ["'it''s'", "it's"],
  ["format('{0}-{1} {{x}}', github.job, 3)", "build-3 {x}"],
  ["fromJSON(needs.provision.outputs.ids)[1]", "i-2"],
  ["contains(fromJSON('[\"a\", \"b\"]'), 'A')", true],
  ["startsWith('refs/tags/v1', 'refs/tags/')", true],
  ["join(fromJSON('[1, 2]'), '+')", "1+2"],
  ["null == 0", true],
  ["'' == false", true],
])("%s", (source, value) => {
  expect(evaluate(source, scope)).toEqual(value);
});

test.each(["github.", "1 +", "('a'", "nobody.x", "sha()", "'a' 'b'", '"a"'])("%s is no expression", (source) => {
  expect(() => evaluate(source, scope)).toThrow(/./);
});

test("the default of the input `name` tells the legs of a matrix apart", () => {
  const text = "${{ strategy.job-total > 1 && format('{0}-{1}', github.job, strategy.job-index) || github.job }}";
  expect(fill(text, scope)).toBe("build-0");
  expect(fill(text, { contexts: { ...scope.contexts, strategy: { "job-total": 1, "job-index": 0 } } })).toBe("build");
});

test("an expression alone keeps its value's kind; in a text it becomes text", () => {
  expect(fill("${{ 1 == 1 }}", scope)).toBe(true);
  expect(fill("run ${{ github.run_id }} of ${{ strategy.job-total }}", scope)).toBe("run 1001 of 2");
});

test.each<[string | undefined, boolean, boolean]>([
  [undefined, true, true],
  [undefined, false, false],
  ["always()", false, true],
  ["failure()", false, true],
  ["failure()", true, false],
  ["github.job == 'build'", false, false],
  ["${{ github.job == 'build' }}", true, true],
  ["always() && github.job == 'other'", true, false],
])("if: %s where all went well (%s) holds: %s", (condition, ok, expected) => {
  expect(holds(condition, { ...scope, status: statusOf(() => ok) })).toBe(expected);
});

describe("a matrix", () => {
  test("is the product of its lists", () => {
    expect(legsOf({ a: [1, 2], b: ["x"] })).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "x" },
    ]);
  });

  test("takes what include adds, to the legs that it fits or beside them", () => {
    expect(legsOf({ a: [1, 2], include: [{ a: 2, extra: true }, { a: 3 }] })).toEqual([
      { a: 1 },
      { a: 2, extra: true },
      { a: 3 },
    ]);
    expect(legsOf({ include: [{ a: 1 }, { a: 2 }] })).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

test.each([
  ["jobs: { a: { runs-on: x, services: {}, steps: [] } }", /^jobs\.a\.services is not played here$/],
  ["jobs: { a: { runs-on: x, steps: [{ run: x, shell: sh }] } }", /^jobs\.a\.steps\[0\]\.shell is not played here$/],
  ["jobs: { a: { runs-on: x, strategy: { max-parallel: 1 }, steps: [] } }", /^jobs\.a\.strategy\.max-parallel/],
  ["jobs: { a: { runs-on: x, strategy: { matrix: { exclude: [] } }, steps: [] } }", /matrix\.exclude/],
  ["defaults: { run: { working-directory: x } }", /^defaults\.run\.working-directory is not played here$/],
  ["defaults: { run: { shell: pwsh } }", /^defaults\.run\.shell "pwsh" is not played here$/],
  ["jobs: { a: { runs-on: x, steps: [{ name: x }] } }", /^jobs\.a\.steps\[0\] needs run or uses/],
])("a key that is not played is named: %s", (text, message) => {
  expect(() => readWorkflow(text)).toThrow(message);
});

test("the files of a step hold lines and blocks, the last of a name counts", () => {
  expect(assignments("a=1\nb<<END\nx\ny=2\nEND\na=3\n")).toEqual({ a: "3", b: "x\ny=2" });
  expect(() => assignments("a<<END\nx\n")).toThrow("no end");
});

test("failed jobs and all that need them are run again, the others are kept", () => {
  const workflow = readWorkflow(
    "jobs: { a: { steps: [] }, b: { needs: a, steps: [] }, c: { needs: [b], steps: [] }, d: { needs: a, steps: [] } }",
  );
  const end = (result: "success" | "failure") => ({ result, outputs: {}, logs: [] });
  const ends = { a: end("success"), b: end("failure"), c: end("success"), d: end("success") };
  expect(Object.keys(keptOf(workflow, ends))).toEqual(["a", "d"]);
});
