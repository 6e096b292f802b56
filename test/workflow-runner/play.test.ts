// What plays the examples: expressions, matrices, a step's files, keys that are not played, what is run again.
import { expect, test } from "vitest";
import { fill, holds, type Scope } from "./expression.ts";
import { assignments } from "./file-commands.ts";
import { keptOf } from "./play.ts";
import { legsOf, readWorkflow, type Job } from "./workflow.ts";

const name = "${{ strategy.job-total > 1 && format('{0}-{1}', github.job, strategy.job-index) || github.job }}";
const scope = (total: number): Scope => ({
  contexts: { github: { job: "build" }, strategy: { "job-total": total, "job-index": 0 } },
});

test("the default of the input `name` tells the legs of a matrix apart", () => {
  expect(fill(name, scope(2))).toBe("build-0");
  expect(fill(`it is ${name}`, scope(1))).toBe("it is build");
});

test.each(["nobody.x", "sha()", "github.job +"])("%s is not an expression", (source) => {
  expect(() => fill(`\${{ ${source} }}`, scope(1))).toThrow(/./);
});

test.each<[string | undefined, boolean, boolean]>([
  [undefined, true, true],
  [undefined, false, false],
  ["always()", false, true],
  ["failure()", true, false],
  ["github.job == 'build'", false, false],
  ["${{ github.job == 'build' }}", true, true],
  ["always() && github.job == 'other'", true, false],
])("if: %s where all went well (%s) holds: %s", (condition, ok, expected) => {
  expect(holds(condition, { ...scope(1), ok })).toBe(expected);
});

test("a matrix is the product of its lists, or what it includes", () => {
  const legs = (matrix: NonNullable<Job["strategy"]>["matrix"]) =>
    legsOf({ "runs-on": "x", steps: [], strategy: { matrix } });
  expect(legs({ a: [1, 2], b: ["x"] })).toEqual([
    { a: 1, b: "x" },
    { a: 2, b: "x" },
  ]);
  expect(legs({ include: [{ a: 1 }, { a: 2, b: 3 }] })).toEqual([{ a: 1 }, { a: 2, b: 3 }]);
  expect(() => legs({ a: [1], include: [{ a: 2 }] })).toThrow("a matrix is");
});

test.each([
  ["jobs: { a: { runs-on: x, services: {}, steps: [] } }", "services of a job"],
  ["jobs: { a: { runs-on: x, steps: [{ run: x, shell: sh }] } }", "shell of a step"],
  ["jobs: { a: { runs-on: x, strategy: { max-parallel: 1 }, steps: [] } }", "max-parallel of a strategy"],
  ["{ defaults: { run: { working-directory: x } }, jobs: {} }", "only bash"],
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
