// Every part of every stack in a line with its fingerprint: a change that nobody meant names the resource. What has changed in it: `npm run synth`
// before and after, and a diff of the two. `npm test -- test/stacks/inventory -u` writes it anew.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import { resourcesOf, textOf, type StackFile } from "../../sim/stack-file.ts";
import { fingerprint } from "../../domain/fingerprint.ts";
import { lambdaCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesized } from "./synthesized.ts";

const stacks = synthesized(example);
/** Two classes of seven, so that a change shows once or twice, not fourteen times. */
const shown = synthesized({
  ...example,
  classes: { large: {}, xlarge: {} },
});

/** User data has lines of its own; it is the same in every template of an architecture. */
const lineOf = (name: string, body: unknown): string =>
  `${name} ${fingerprint(JSON.stringify(body, (key, value: unknown) => (key === "user_data" ? "" : value)))}`;

/** A part of the stack that is no list of resources has one line. */
const linesOf = (stack: StackFile): readonly string[] =>
  Object.entries(stack).flatMap(([part, held]) =>
    part === "resource"
      ? Object.entries(stack.resource ?? {}).flatMap(([type, blocks]) =>
          Object.entries(blocks).map(([id, block]) => lineOf(`${type}.${id}`, block)),
        )
      : [lineOf(part, held)],
  );

const userData = (stack: StackFile): readonly string[] => {
  const made = resourcesOf(stack, "aws_launch_template").map(
    ([id, template]) => `user data of ${/x64|arm64/.exec(id)?.[0]} ${fingerprint(textOf(template, "user_data"))}`,
  );
  return [...new Set(made)];
};

test("the stacks are as the inventory says", async () => {
  const parts = Object.entries(shown).map(([name, stack]) =>
    [`${name}:`, ...linesOf(stack), ...userData(stack), ""].join("\n"),
  );
  await expect(parts.join("\n")).toMatchFileSnapshot("inventory.txt");
});

test("synthesizing twice gives the same bytes, and so does bundling", async () => {
  expect(synthesized(example)).toEqual(stacks);
  const [once, again] = [await lambdaCode(), await lambdaCode()];
  expect(once("refresh").equals(again("refresh"))).toBe(true);
  expect(once("refresh").length).toBeGreaterThan(100_000);
  // 435 KB with all that its clients could do.
  expect(once("refresh").length).toBeLessThan(380_000);
});

test("no synthesized text names a path of this machine, and no resource carries an argument of one provider version alone", () => {
  const text = JSON.stringify(stacks);
  expect(text).not.toContain(process.cwd());
  expect(text).not.toMatch(/"(\/tmp|\/home|\/root|\/Users)\//);
  for (const stack of Object.values(stacks))
    for (const blocks of Object.values(stack.resource ?? {}))
      for (const block of Object.values(blocks)) expect(Object.keys(block)).not.toContain("region");
});

test("no secret and no value of a secret is in what is synthesized", () => {
  for (const stack of Object.values(stacks))
    for (const parameter of Object.values(stack.resource?.["aws_ssm_parameter"] ?? {}))
      expect(parameter["type"]).toBe("String");
});
