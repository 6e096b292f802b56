// A test that needs a program which not every machine has asks for it, and is skipped with the reason where it is not there.
import { expect, test } from "vitest";
import { everywhere } from "../tools.ts";
import { askedBy, ofTests, startedBy, toolTests } from "./started-programs.ts";

/** What runs in a guest alone, which is asked for as a whole: guest-missing.ts. */
const inGuests = /^test\/(?:agent\/systemd\/(?!.*\.test\.ts$)|ami\/boot-guest|stacks\/first-boot-guest)/;

test("what tests start by name is everywhere, or asked for in the same file", () => {
  const unasked = ofTests
    .filter(({ path }) => !inGuests.test(path))
    .flatMap((source) => {
      const asked = askedBy(source);
      return startedBy(source).filter(({ program }) => !everywhere.has(program) && !asked.includes(program));
    });
  expect(unasked.map(({ program, at }) => `${at}: ${program}`)).toEqual([]);
});

test("no test is skipped without its reason: `skipIf` and `runIf` give none", () => {
  const silent = ofTests.filter(({ path, text }) => path.endsWith(".test.ts") && /\.(?:skipIf|runIf)\(/.test(text));
  expect(silent.map(({ path }) => path)).toEqual([]);
});

test("the newcomer's pass has the guests, the throwaway roots, Terraform's and the command line's among its tests", () => {
  expect(toolTests()).toEqual(
    expect.arrayContaining([
      "test/agent/systemd/serving.test.ts",
      "test/ami/image-root.test.ts",
      "test/cli/usage.test.ts",
      "test/stacks/terraform.test.ts",
    ]),
  );
});
