// One golden file a stack: what a change does to what is deployed is read in its diff. `npm test -- test/stacks/golden -u` writes them anew.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import { resourcesOf, textOf, type StackFile } from "../../cloud/sim/stack-file.ts";
import { lambdaCode } from "../../stacks/lambda-bundle.ts";
import { synthesized } from "./synthesized.ts";

const stacks = synthesized(example);
/** Two classes of seven, so that a diff shows a change once or twice, not fourteen times. */
const shown = synthesized({
  ...example,
  resourceClasses: { large: { cpu: 2, mmem: 4096 }, xlarge: { cpu: 4, mmem: 8192 } },
});

/** Policies, the defaults item and the dashboard are JSON in texts: shown as what they say. */
const opened = (_: string, value: unknown): unknown =>
  typeof value === "string" && value.startsWith('{"') ? (JSON.parse(value) as unknown) : value;

/** Without what changes with every line of the control plane's code; user data has files of its own. */
const lasting = (stack: StackFile): string =>
  `${JSON.stringify(stack, opened, 2)
    .replace(/("source_code_hash": )"[^"]+"/, '$1"(of the bundle)"')
    .replaceAll(/("user_data": )"[^"]+"/g, '$1"(user-data-x64.txt, user-data-arm64.txt)"')}\n`;

test.each(Object.keys(shown))("%s is as its golden file says", async (name) => {
  await expect(lasting(shown[name] as StackFile)).toMatchFileSnapshot(`golden/${name}.json`);
});

test.each(["x64", "arm64"] as const)("user data of %s is as its golden file says", async (architecture) => {
  const templates = resourcesOf(stacks["example-pool"] as StackFile, "aws_launch_template");
  const [, template] = templates.find(([id]) => id.startsWith(`template-large-${architecture}`)) ?? [];
  const text = Buffer.from(textOf(template ?? {}, "user_data"), "base64").toString();
  const readable = text.replaceAll(
    /"content": "([^"]*)"/g,
    (_, held: string) => `"content":\n${Buffer.from(held, "base64").toString()}`,
  );
  await expect(readable).toMatchFileSnapshot(`golden/user-data-${architecture}.txt`);
});

test("synthesizing twice gives the same bytes, and so does bundling", async () => {
  expect(synthesized(example)).toEqual(stacks);
  const [once, again] = [await lambdaCode(), await lambdaCode()];
  expect(once.refresh.equals(again.refresh)).toBe(true);
  expect(once.refresh.length).toBeGreaterThan(100_000);
  // 435 KB with all that its clients could do.
  expect(once.refresh.length).toBeLessThan(380_000);
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
