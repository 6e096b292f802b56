// A wrong environment file is refused at synthesis, by the field's path and the rule; nothing is left for `apply` to find.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Item } from "../../cloud/aws/attribute-values.ts";
import { defaultsSchema, readConfiguration } from "../../cloud/aws/configuration-items.ts";
import { resourcesOf } from "../../sim/stack-file.ts";
import { classOf, problemsOf, type Defaults } from "../../domain/configuration.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";
import example from "../../environments/example.ts";
import { checkTogether, readEnvironment } from "../../stacks/environment/check-environment.ts";
import { defaultsItem, defaultsOf } from "../../stacks/environment/defaults.ts";
import type { EnvironmentFile } from "../../stacks/environment/environment.ts";
import { keptOf } from "../../stacks/constructs/kept.ts";
import { noCode } from "../../stacks/constructs/lambda-bundle.ts";
import { synthesize } from "../../stacks/synth.ts";
import { bundleOf, certificate } from "./private-ca.ts";
import { eachIsRefused, refusals, type Wrong } from "./refusals.ts";
import { exampleWith, machines, stackNamed, synthesized } from "./synthesized.ts";

const subnet = (id: string, zone: string, vpc = "vpc-0123456789abcdef0") => ({ id: `subnet-0000000${id}`, zone, vpc });
const existing = (...subnets: readonly ReturnType<typeof subnet>[]): Partial<EnvironmentFile> => ({
  network: { kind: "existing", subnets: [...subnets] },
});
const machine = (changes: object): object => ({ defaults: { ...example.defaults, ...changes } });
const created = (changes: object): object => ({ network: { ...example.network, ...changes } });

const wrong: readonly Wrong[] = [
  ["a short account", { account: "1234" }, /^x: account: must be the twelve digits/],
  ["no network", { network: undefined }, /^x: network/],
  ["a field by a slip", { lables: [] }, /^x: lables: is not a field .*; did you mean "labels"\?$/],
  ["one within another", { limits: { maxInstance: 7 } }, /^x: limits\.maxInstance: .*did you mean "maxInstances"\?$/],
  ["one of a class", { classes: { large: { dokcer: true } } }, /^x: classes\.large\.dokcer: .*mean "docker"\?$/],
  [
    "a system by a slip",
    machine({ operatingSystem: "ubuntu-2404" }),
    /must be one of .*; did you mean "ubuntu-24\.04"\?$/,
  ],
  ["a class by a slip", { idleFloors: { "lagre/x64": 1 } }, /^x: idleFloors\.lagre\/x64: .*; did you mean "large"\?$/],
  [
    "milliseconds",
    { limits: { idle: 420_000 } },
    /^x: limits\.idle: must be a duration with its unit: write "7m", not 420000$/,
  ],
  ["a unit in words", { limits: { boot: "10 min" } }, /^x: limits\.boot: .*: write "10m", not "10 min"$/],
  [
    "a duration in disorder",
    machine({ maxRuntime: "30m1h" }),
    /^x: defaults\.maxRuntime: .*: write "1h30m", not "30m1h"$/,
  ],
  [
    "a duration that is none",
    { limits: { maxAge: "soon" } },
    /^x: limits\.maxAge: .*e\.g\. "90s", "7m" or "1h30m", not "soon"$/,
  ],
  ["a schema of tomorrow", { schema: 3 }, /^x: schema: must be 2$/],
  ["no schema", { schema: undefined }, /^x: schema: is required: write 2$/],
  [
    "both spellings at once",
    { forge: { ...example.forge, organisation: "octo-org", organization: "octo-org" } },
    /^x: forge\.organization: is the same field as forge\.organisation/,
  ],
  [
    "a class without a size",
    { classes: { small: {} } },
    /^x: classes\.small\.cpu: is required: only large, .* have a built-in size$/,
  ],
  [
    "a class that serves for weeks",
    { classes: { large: { maxRuntime: "21d" } } },
    /^x: classes\.large\.maxRuntime: is 21d;/,
  ],
  [
    "Windows, which the schema knows and nothing boots yet",
    {
      classes: {
        large: {},
        win: {
          cpu: 2,
          mmem: 8192,
          operatingSystem: "windows-server-2025",
          architectures: ["x64"],
          image: { x64: { id: "ami-0a1b2c3d4e5f60009" } },
        },
      },
    },
    /^x: classes\.win\.operatingSystem: is windows-server-2025, which is not supported yet/,
  ],
  [
    "a class of another system with the image of the defaults",
    { classes: { ubuntu: { cpu: 2, mmem: 4096, operatingSystem: "ubuntu-24.04", architectures: ["x64"] } } },
    /^x: classes\.ubuntu\.image\.x64: is required: .* \(the one in defaults is amazon-linux-2023\)$/,
  ],
  ["a name in capitals", { name: "Prod" }, /^x: name: "Prod" must be 1-20/],
  ["a name too long for AWS", { name: "a".repeat(21) }, /^x: name: /],
  [
    "a zone twice",
    created({ zones: ["eu-central-1a", "eu-central-1a"] }),
    /^x: network\.zones\[1\]: .*two subnets of one zone/,
  ],
  ["no zone", created({ zones: [] }), /^x: network\.zones: /],
  ["a block that is too small", created({ cidr: "10.0.0.0/28" }), /^x: network\.cidr: /],
  [
    "a block that begins between two",
    created({ cidr: "10.0.7.0/16" }),
    /^x: network\.cidr: .*is not aligned to its size/,
  ],
  ["an address that is none", created({ cidr: "10.0.300.0/16" }), /^x: network\.cidr: /],
  [
    "a private network that leads nowhere",
    created({ kind: "private", nat: false }),
    /^x: network\.nat: .*could not reach GitHub/,
  ],
  ["no subnet", existing(), /^x: network\.subnets: /],
  [
    "a subnet in another VPC",
    existing(subnet("a", "eu-central-1a"), subnet("b", "eu-central-1b", "vpc-0fedcba9876543210")),
    /^x: network\.subnets\[1\]\.vpc: /,
  ],
  [
    "two subnets of one zone",
    existing(subnet("a", "eu-central-1a"), subnet("b", "eu-central-1a")),
    /^x: network\.subnets\[1\]\.zone: .*two subnets of one zone/,
  ],
  [
    "a subnet twice",
    existing(subnet("a", "eu-central-1a"), subnet("a", "eu-central-1b")),
    /^x: network\.subnets\[1\]\.id: /,
  ],
  ["no repository", { forge: { repositories: [] } }, /^x: forge\.repositories: /],
  [
    "a repository without its owner",
    { forge: { repositories: ["docs"] } },
    /^x: forge\.repositories\[0\]: must be OWNER\/REPOSITORY/,
  ],
  [
    "a server without TLS",
    { forge: { ...example.forge, serverUrl: "http://ghes.example.org" } },
    /^x: forge\.serverUrl: must be an https URL/,
  ],
  [
    "a group with a stranger",
    { partitions: { team: ["octo-org/other"] } },
    /^x: partitions\.team\[0\]: .*not in forge\.repositories/,
  ],
  [
    "an idle floor of no market",
    { idleFloors: { "large/x64/cheap": 1 } },
    /^x: idleFloors\..*CLASS\/ARCHITECTURE\/on-demand/,
  ],
  ["a spot price of nothing", { classes: { large: { spotMaxPrice: 0 } } }, /^x: classes\.large\.spotMaxPrice: /],
  [
    "a repository in two groups",
    { partitions: { a: ["octo-org/docs"], b: ["octo-org/docs"] } },
    /^x: partitions\.b\[0\]: .*already in "a"/,
  ],
  [
    "a group of two owners",
    { forge: { repositories: ["a/x", "b/y"] }, partitions: { team: ["a/x", "b/y"] } },
    /^x: partitions\.team\[1\]: .*one organisation/,
  ],
  [
    "an architecture without an image",
    machine({ image: { x64: example.defaults.image.x64 } }),
    /^x: defaults\.image\.arm64: is required: architectures contains arm64$/,
  ],
  ["an image without its architecture", machine({ architectures: ["x64"] }), /^x: defaults\.image\.arm64: is set, but/],
  ["a class named as no queue can be", { classes: { Large: { cpu: 2, mmem: 4096 } } }, /^x: classes\.Large: .*"Large"/],
  [
    "an idle floor of a retired class",
    { retiredClasses: ["huge"], idleFloors: { "huge/x64": 1 } },
    /^x: idleFloors\.huge\/x64: "huge" is retired; classes are large, /,
  ],
  [
    "an AMI's id that is none",
    machine({ image: { ...example.defaults.image, x64: { id: "ami-latest" } } }),
    /^x: defaults\.image\.x64/,
  ],
  ["no class at all", { classes: {} }, /^x: classes: is empty/],
  [
    "an architecture both in use and retired",
    { retiredArchitectures: ["x64"] },
    /^x: retiredArchitectures\[0\]: "x64" is still/,
  ],
  [
    "a floor of an architecture that its class is not made for",
    { classes: { large: { architectures: ["x64"] }, xlarge: {} }, idleFloors: { "large/arm64": 1 } },
    /^x: idleFloors\.large\/arm64: class "large" is not made for arm64$/,
  ],
  ["a class both in use and retired", { retiredClasses: ["large"] }, /^x: retiredClasses\[0\]: /],
  ["a floor that is no pool", { idleFloors: { large: 1 } }, /^x: idleFloors\.large: /],
  [
    "floors above the maximum",
    { idleFloors: { "large/x64": 41 }, forge: { repositories: ["octo-org/one"] }, partitions: {} },
    /^x: idleFloors: asks for 41 idle instances; /,
  ],
  [
    "floors above the maximum in all partitions together",
    { idleFloors: { "large/x64": 21 }, forge: { repositories: ["octo-org/one", "octo-org/two"] } },
    /^x: idleFloors: asks for 42 idle instances in 2 partitions together; limits.maxInstances is 40/,
  ],
  ["a boot limit above provision's", { limits: { boot: "13m" } }, /^x: limits\.provision: /],
  [
    "a boot limit above the watchdog",
    { limits: { boot: "16m40s", provision: "33m20s" } },
    /^x: limits\.boot: is 16m40s; .*watchdog powers off after 15m$/,
  ],
  ["an idle time of a week", { limits: { idle: "7d" } }, /^x: limits\.idle: is 7d; an idle time is from 1s to 1d$/],
  [
    "a partition above the whole",
    { limits: { maxInstances: 5, maxInstancesPerPartition: 6 } },
    /^x: limits\.maxInstancesPerPartition: /,
  ],
  ["a label with a blank", { labels: ["two words"] }, /^x: labels: labels: "two words"/],
  ["a label that is a run id", { labels: ["1001"] }, /^x: labels: /],
  ["a tag that metadata refuses", { tags: { "cost center": "1" } }, /^x: tags\.cost center: must be 1-128/],
  ["a tag that is ours", { tags: { "runpool:manager": "me" } }, /^x: tags\.runpool:manager: .*are reserved$/],
  [
    "a key of another region",
    { kmsKeyArn: "arn:aws:kms:us-east-1:111122223333:key/1" },
    /^x: kmsKeyArn: is a key of us-east-1/,
  ],
  [
    "a repository of another organisation",
    { forge: { repositories: ["octo-org/octo-repo", "other/shop"], organisation: "Octo-Org" } },
    /^x: forge\.repositories\[1\]: "other\/shop" does not belong to forge\.organisation/,
  ],
  [
    "an organisation and an enterprise",
    { forge: { ...example.forge, organisation: "octo-org", enterprise: "octo" } },
    /^x: forge\.enterprise: cannot be combined with forge\.organisation/,
  ],
  [
    "an enterprise by its address",
    { forge: { ...example.forge, enterprise: "https://github.com/enterprises/octo" } },
    /^x: forge\.enterprise: must be a name/,
  ],
  [
    "a script with carriage returns",
    machine({ preRunner: { script: "#!/bin/sh\r\n" } }),
    /^x: defaults\.preRunner\.script: contains carriage/,
  ],
  ["a budget that tells nobody", { monthlyBudgetUsd: 100 }, /^x: monthlyBudgetUsd: .*alarms\.email/],
];

eachIsRefused(wrong);

test("what is not an environment at all is refused too", () => {
  for (const file of [undefined, null, "dev", 7, []]) expect(refusals(file)).not.toEqual([]);
});

test("every problem is said at once", () => {
  expect(refusals({ ...example, name: "Prod", labels: ["a b"], tags: { "a/b": "1" } })).toHaveLength(3);
});

test("so are those of shape and those of rules together, and nothing is said that may be right once the others are mended", () => {
  const problems = refusals({
    ...example,
    name: "Prod",
    account: 1,
    colour: "red",
    network: { ...example.network, zones: ["us-east-1a"] },
    limits: { idle: 420_000, boot: "14m", maxInstances: 40 },
    classes: { large: { docker: "yes" }, Tiny: { cpu: 1, mmem: 512 } },
    idleFloors: { "huge/x64": 1 },
    tags: { "a/b": "1" },
    deployFrom: { repository: "octo-org/infrastructure" },
  });
  expect(problems.map((line) => line.split(": ")[1] ?? "").toSorted()).toEqual([
    "account",
    "classes.Tiny",
    "classes.large.docker",
    "colour",
    "deployFrom.githubEnvironment",
    "idleFloors.huge/x64",
    "limits.idle",
    "name",
    "network.zones[0]",
    "tags.a/b",
  ]);
  // A class that cannot be read may be any class, and a forge any forge.
  expect(refusals({ ...example, classes: { huge: 7 }, idleFloors: { "huge/x64": 1 } })).toEqual([
    expect.stringMatching(/^x: classes\.huge: must be an object/),
  ]);
  expect(refusals({ ...example, forge: "github", partitions: { web: ["octo-org/x"] } })).toHaveLength(1);
  // The image of the defaults is no image of a class's own, for an architecture that it is not made for.
  expect(refusals({ ...example, account: 1, classes: { large: { architectures: ["x64"] } } })).toHaveLength(1);
  expect(
    refusals({
      ...example,
      account: 1,
      ...machine({ architectures: ["x64"] }),
      classes: { large: { architectures: ["x64", "arm64"] } },
    }),
  ).toHaveLength(1);
});

test("what all classes have of the defaults is said once, and what a class says itself of the class", () => {
  const wrong = { disk: { iops: 16_000 } };
  const small = machine({ disk: { sizeGiB: 8, iops: 16_000 } });
  expect(refusals({ ...example, ...small })).toEqual([expect.stringMatching(/^x: defaults\.disk\.sizeGiB: /)]);
  const problems = refusals({
    ...example,
    ...machine({ disk: { sizeGiB: 8 } }),
    classes: { large: {}, xlarge: wrong },
  });
  // 3,000 IOPS are there whatever the size.
  expect(problems).toEqual([expect.stringMatching(/^x: classes\.xlarge\.disk\.sizeGiB: is 8; .* needs 32 GiB$/)]);
});

test("user data that EC2 would refuse is refused before anything is written", () => {
  const folder = mkdtempSync(join(tmpdir(), "runpool-refused-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = exampleWith({ privateCa: bundleOf(400) });
  expect(() => synthesize({ example: file }, folder, noCode)).toThrow(/^example: privateCa: user data has \d+ bytes/);
  const script = exampleWith(machines({ preRunner: { script: `#!/bin/sh\n# ${"é".repeat(140_000)}` } }));
  expect(() => synthesize({ example: script }, folder, noCode)).toThrow(
    /^example: defaults\.preRunner\.script: has 280012 bytes/,
  );
  expect(readdirSync(folder)).toEqual([]);
});

test("environments whose names would run into each other are refused together", () => {
  const named = (name: string) => readEnvironment({ ...example, name }, name);
  checkTogether([named("dev"), named("prod")]);
  expect(() => checkTogether([named("dev"), named("dev")], ["dev", "mine"])).toThrow(
    /^dev: name: two files describe an environment of this name: dev and mine$/,
  );
  expect(() => checkTogether([named("dev"), named("dev-x")])).toThrow(/^dev-x: name: begins with "dev-"/);
});

test("environments of one account agree on GitHub's provider: the account's stack makes it, or none does", () => {
  const provider = (of: string) => `arn:aws:iam::111122223333:oidc-provider/${of}`;
  const named = (name: string, oidcProviderArn?: string, changes: object = {}) =>
    readEnvironment({ ...example, name, ...changes, ...(oidcProviderArn && { given: { oidcProviderArn } }) }, name);
  const github = provider("token.actions.githubusercontent.com");
  checkTogether([named("dev", github), named("prod", github)]);
  const other = { account: "999988887777" };
  checkTogether([named("dev", github), named("prod", undefined, other)]);
  const server = { forge: { ...example.forge, serverUrl: "https://ghes.example.org" } };
  expect(named("own", provider("ghes.example.org/_services/token"), server).name).toBe("own");
  checkTogether([named("dev", github), named("prod", undefined, server)]);
  const said = /^prod: given\.oidcProviderArn: must be as in "dev"/;
  expect(() => checkTogether([named("dev", github), named("prod")])).toThrow(said);
});

const queues = Object.fromEntries(
  Object.keys(defaultResourceClasses).map((name) => [name, { url: "u", unreadableUrl: "u" }]),
);

test("every field that is read of what is deployed is written by the stack, and comes back as it was", () => {
  const file = exampleWith({
    forge: { ...example.forge, organisation: "octo-org", runnerGroup: "ours", credentialParameter: "/octo/credential" },
    schedules: [{ name: "day", cron: "cron(0 7 ? * * *)", timezone: "Europe/Berlin", idleFloors: { "large/x64": 2 } }],
    anyRunsJobs: true,
    classes: { large: {}, docker: { cpu: 2, mmem: 4096, docker: true, preRunner: { script: "#!/bin/sh\n" } } },
  });
  const environment = readEnvironment(file, "x");
  const templates = { "p#large/x64": { id: "lt-1", version: "1" } };
  const subnets = [{ id: "subnet-1", zone: "eu-central-1a" }];
  const made = {
    queues: { ...queues, docker: { url: "u", unreadableUrl: "u" } },
    templates,
    subnets,
    securityGroups: ["sg-1"],
    configHash: "1",
    kept: keptOf(environment),
  };
  const defaults = defaultsOf(environment, made);
  const { forge, ...fields } = defaultsSchema.shape;
  expect(Object.keys(defaults).toSorted()).toEqual([...Object.keys(fields), "forge"].toSorted());
  expect([...Object.keys(defaults.forge), "enterprise"].toSorted()).toEqual(Object.keys(forge.shape).toSorted());
  const item = JSON.parse(defaultsItem(defaults)) as Item;
  expect(readConfiguration([item])).toHaveProperty("defaults", defaults);
});

test("the example is right, and so is the configuration that is made from it", () => {
  const environment = readEnvironment(example, "example");
  const defaults: Defaults = defaultsOf(environment, { queues, templates: {}, subnets: [], configHash: "1" });
  expect(problemsOf(defaults)).toEqual([]);
  expect(defaults.forge.apiUrl).toBe("https://api.github.com");
});

test("a private CA and a proxy are taken", () => {
  expect(refusals({ ...example, privateCa: certificate, proxy: { url: "http://proxy.example.org:3128" } })).toEqual([]);
});

test("a class may have a root volume of its own size, and others keep the environment's", () => {
  const file = exampleWith({
    ...machines({ disk: { sizeGiB: 40 } }),
    classes: { large: {}, xlarge: { disk: { sizeGiB: 120 } } },
  });
  const templates = resourcesOf(stackNamed(synthesized(file), "example-pool"), "aws_launch_template");
  const sizesOf = (name: string) =>
    templates
      .filter(([id]) => id.startsWith(name))
      .map(([, template]) => /"volume_size":(\d+)/.exec(JSON.stringify(template))?.[1]);
  expect(new Set(sizesOf("template-large-"))).toEqual(new Set(["40"]));
  expect(new Set(sizesOf("template-xlarge-"))).toEqual(new Set(["120"]));
});

test("an idle floor may name its usage class, and no pool twice", () => {
  expect(refusals(exampleWith({ idleFloors: { "large/x64": 1, "large/x64/on-demand": 2 } }))).toEqual([]);
  expect(refusals(exampleWith({ idleFloors: { "large/x64": 1, "large/x64/spot": 2 } }))).toEqual([
    expect.stringMatching(/idleFloors: .* one pool twice, as "large\/x64" and as "large\/x64\/spot"/),
  ]);
});

test("docker for jobs makes a machine serve one run, unless the file says otherwise", () => {
  const uses = (
    defaults: Partial<EnvironmentFile["defaults"]>,
    docker: NonNullable<EnvironmentFile["classes"]>[string],
  ) => {
    const classes = { large: {}, docker: { cpu: 2, mmem: 4096, ...docker } };
    const file = exampleWith({ ...machines(defaults), classes });
    const stored = defaultsOf(readEnvironment(file, "x"), { queues: {}, templates: {}, subnets: [], configHash: "1" });
    return ["large", "docker"].map((name) => classOf(stored, name).maxUses);
  };
  expect(uses({ docker: true }, {})).toEqual([1, 1]);
  expect(uses({ docker: true, maxUses: 5 }, {})).toEqual([5, 5]);
  expect(uses({}, { docker: true })).toEqual([0, 1]);
  expect(uses({ maxUses: 5 }, { docker: true })).toEqual([5, 1]);
  expect(uses({ docker: true }, { docker: false })).toEqual([1, 0]);
  expect(uses({}, { docker: true, maxUses: 3 })).toEqual([0, 3]);
});
