// What CDKTF's command line takes: the commands that the docs name, by its own rules over the synthesized manifest.
import { readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { expect, test } from "vitest";
import dev from "../../environments/dev.ts";
import example from "../../environments/example.ts";
import prod from "../../environments/prod.ts";
import { resourcesOf } from "../../sim/stack-file.ts";
import { dependenciesOf, exampleWith, locksOf, stackNamed, synthesized } from "./synthesized.ts";

type Manifest = ReturnType<typeof dependenciesOf>;
const manifest = dependenciesOf(dev, example, prod, exampleWith({ name: "mine", account: "123456789012" }));

/**
 * Undefined where the command goes on to Terraform. The rules are those of `stack-helpers.ts` in CDKTF's cli-core 0.21 (and its
 * fork's 0.24): a pattern must match, `deploy` includes all dependencies, `destroy` all dependants, `diff` names one stack.
 */
function refusalOf(stacks: Manifest, verb: string, patterns: readonly string[]): string | undefined {
  const names = Object.keys(stacks);
  if (verb === "diff")
    return patterns.length === 1 && names.includes(patterns[0] ?? "") ? undefined : "could not find stack";
  const unmatched = patterns.find((pattern) => !names.some((name) => matchesGlob(name, pattern)));
  if (patterns.length === 0 || unmatched !== undefined) return `could not find stack for pattern ${unmatched}`;
  const run = patterns.flatMap((pattern) => names.filter((name) => matchesGlob(name, pattern)));
  const needed =
    verb === "deploy"
      ? run.flatMap((name) => stacks[name] ?? [])
      : names.filter((name) => stacks[name]?.some((dependency) => run.includes(dependency)));
  const missing = needed.filter((name) => !run.includes(name));
  return missing.length === 0 ? undefined : `not included: ${[...new Set(missing)].join(", ")}`;
}

const root = join(import.meta.dirname, "..", "..");
const pages = ["README.md", ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))];
const commands = pages.flatMap((page) =>
  [
    ...readFileSync(join(root, page === "README.md" ? "" : "docs", page), "utf8").matchAll(
      /cdktf (?:-- )?(deploy|destroy|diff) ((?:'[^']+'|[a-z0-9*-]+)(?: '[^']+')*)/g,
    ),
  ].map(([, verb = "", names = ""]) => ({ page, verb, names })),
);

test("the docs name commands to deploy, to compare and to destroy", () => {
  expect(new Set(commands.map(({ verb }) => verb))).toEqual(new Set(["deploy", "diff", "destroy"]));
  expect(commands.length).toBeGreaterThan(5);
});

test.each(commands)("$page: $verb $names is taken", ({ verb, names }) => {
  const patterns = names.split(" ").map((name) => name.replaceAll("'", ""));
  expect(refusalOf(manifest, verb, patterns)).toBeUndefined();
});

test("each environment can be deployed and destroyed alone, and so can the account's stack", () => {
  for (const pattern of ["dev-*", "example-*", "prod-*", "account-*"])
    for (const verb of ["deploy", "destroy"]) expect(refusalOf(manifest, verb, [pattern])).toBeUndefined();
});

test("no stack depends on one outside its environment", () => {
  for (const [name, dependencies] of Object.entries(manifest)) {
    const environment = name.replace(/-[a-z]+$/, "-");
    for (const dependency of dependencies)
      expect(dependency.startsWith(environment), `${name}: ${dependency}`).toBe(true);
  }
  expect(manifest["prod-control"]).toEqual(["prod-pool"]);
});

test("a stack of which others depend is not destroyed alone, nor one deployed without what it depends on", () => {
  expect(refusalOf(manifest, "destroy", ["dev-pool"])).toBe("not included: dev-control");
  expect(refusalOf(manifest, "deploy", ["dev-control"])).toBe("not included: dev-pool");
});

test("every stack of an environment, whichever is destroyed first, is guarded before anything of it is destroyed", () => {
  const stacks = Object.entries(synthesized(prod)).filter(([name]) => name.startsWith("prod-"));
  expect(stacks.map(([name]) => name).toSorted()).toEqual(["prod-control", "prod-observability", "prod-pool"]);
  for (const [name, stack] of stacks) {
    const guard = resourcesOf(stack, "terraform_data").find(([id]) => id === "destroy-guard");
    const everything = Object.entries(stack.resource ?? {}).flatMap(([type, made]) =>
      Object.keys(made).map((id) => `${type}.${id}`),
    );
    expect(guard?.[1]["depends_on"], name).toEqual(
      expect.arrayContaining(everything.filter((one) => !one.startsWith("terraform_data."))),
    );
    expect(JSON.stringify(guard?.[1]["provisioner"]), name).toContain("refuse-destroy.ts");
  }
});

test("every stack has the provider's checksums beside it, for the range of versions that it asks for", () => {
  const locks = locksOf(dev, prod);
  expect(Object.keys(locks)).toEqual(Object.keys(synthesized(dev, prod)));
  const pool = stackNamed(synthesized(dev), "dev-pool") as unknown as {
    terraform: { required_providers: { aws: { version: string } } };
  };
  const asked = pool.terraform.required_providers.aws;
  for (const lock of Object.values(locks)) {
    expect(lock.match(/constraints = "([^"]+)"/)?.[1]).toBe(asked.version);
    expect(lock.match(/"zh:[0-9a-f]{64}"/g)?.length).toBeGreaterThan(10);
  }
});
