// Every kind of change of an environment's file: a row at least for each field, and what it would take away from under an instance.
import { alarmChannels, type EnvironmentFile } from "../../stacks/environment/environment.ts";
import { partitionSuffix } from "../../stacks/environment/partitions.ts";
import { certificate } from "./private-ca.ts";

export interface Change {
  /** As docs/environment.md names it. */
  readonly field: string;
  readonly to: (file: EnvironmentFile) => EnvironmentFile;
  /** What `removalsOf` says would go: with it a living instance would lose what it stands on. */
  readonly takes?: readonly string[];
  /** What of the pool's stack is destroyed or replaced: each matches something, and nothing else is. */
  readonly goes?: readonly RegExp[];
  /** Changes of one plan are made together, those without in one of their own; `elsewhere`: it is another state that is planned. */
  readonly plan?: string;
}

const [large, huge] = [
  { cpu: 2, mmem: 4096 },
  { cpu: 32, mmem: 65_536 },
];
const [docs, own] = ["github:octo-org/docs", "github:octo-org/octo-repo"];
const network = {
  kind: "private",
  cidr: "10.80.0.0/16",
  zones: ["eu-central-1b", "eu-central-1c"],
  nat: true,
  endpoints: ["ssm", "logs"],
} satisfies EnvironmentFile["network"];
const forge = {
  repositories: ["octo-org/octo-repo", "octo-org/docs", "octo-org/shop"],
  repositoryIds: { "octo-org/infrastructure": "123456/1" },
};

/** With something of everything, so that it can be taken away. */
export const before = {
  schema: 2,
  name: "example",
  account: "123456789012",
  region: "eu-central-1",
  network,
  forge,
  partitions: { web: ["octo-org/shop"] },
  defaults: {
    operatingSystem: "amazon-linux-2023",
    architectures: ["x64", "arm64"],
    image: { x64: { id: "ami-0a1b2c3d4e5f60001" }, arm64: { id: "ami-0a1b2c3d4e5f60002" } },
  },
  classes: { large, huge },
  limits: { maxInstances: 40 },
  schedules: [{ name: "morning", cron: "cron(0 7 ? * MON-FRI *)", idleFloors: { "large/x64": 1 } }],
  proxy: { url: "http://proxy.example.org:3128" },
  shipLogs: true,
  sessionAccess: true,
  deployFrom: { repository: "octo-org/infrastructure", githubEnvironment: "production" },
  imagesFrom: { repository: "octo-org/infrastructure" },
} satisfies EnvironmentFile;

const set =
  (changes: Partial<EnvironmentFile>): Change["to"] =>
  (file) => ({ ...file, ...changes });
/** Of a field that has fields itself. */
const within =
  (field: "forge" | "defaults" | "limits" | "alarms" | "given", changes: object): Change["to"] =>
  (file) => ({ ...file, [field]: { ...file[field], ...changes } });
/** Of a field of the defaults that has fields itself. */
const ofMachines =
  (field: "image" | "install" | "disk" | "preRunner", changes: object): Change["to"] =>
  (file) =>
    within("defaults", { [field]: { ...file.defaults[field], ...changes } })(file);
/** By another repository, which has its numbers; the one of before keeps its own where it is still named. */
const from =
  (field: "deployFrom" | "imagesFrom", changes: object): Change["to"] =>
  (file) => {
    const next = { ...file, [field]: { ...file[field], ...changes } };
    const named = [...next.forge.repositories, next.deployFrom?.repository, next.imagesFrom?.repository];
    const ids = { ...next.forge.repositoryIds, "octo-org/octo-repo": "123456/456789" };
    const kept = Object.entries(ids).filter(([repository]) => named.includes(repository));
    return { ...next, forge: { ...next.forge, repositoryIds: Object.fromEntries(kept) } };
  };
const connected = (changes: object): Change["to"] => set({ network: { ...network, ...changes } });
/** Of a VPC that exists. */
export const subnetGiven = { id: "subnet-0a1b2c3d4e5f60001", zone: "eu-central-1b", vpc: "vpc-0a1b2c3d4e5f60001" };
const archive = { url: "https://example.org/stock.tar.gz", sha256: "0".repeat(64) };

const rolesAndTemplates = (partition: string): readonly RegExp[] =>
  ["aws_iam_role.instance-role", "aws_iam_role_policy.instance-policy", "aws_iam_instance_profile.instance-profile"]
    .map((beginning) => new RegExp(`^${beginning}${partitionSuffix(partition)}$`))
    .concat(new RegExp(`^aws_launch_template\\..*${partitionSuffix(partition)}$`));
const wayOut = [/^aws_nat_gateway\.nat$/, /^aws_eip\.nat-address$/, /^aws_(subnet|route_table_association)\.public-/];
const wholeNetwork = [
  /^aws_(vpc|subnet|internet_gateway|nat_gateway|eip|route_table|vpc_endpoint)/,
  /^aws_(vpc_)?security_group/,
];
const scope = (place: string, partition: string): string =>
  `${place}, where the runners of "${partition}" are registered,`;
const moved = ["123456789012", "eu-central-1", "the NAT gateway in eu-central-1b"];
const subnetsOf = ["the subnet of eu-central-1b", "the subnet of eu-central-1c"];
const scopes = [scope("octo-org/docs", docs), scope("octo-org/octo-repo", own)];

export const changes: readonly Change[] = [
  // Where, and for whom.
  { field: "name", to: set({ name: "other" }), plan: "elsewhere" },
  { field: "account", to: set({ account: "111122223333" }), takes: moved.slice(0, 1), plan: "moved" },
  {
    field: "region",
    to: set({ region: "eu-west-1", network: { ...network, zones: ["eu-west-1b"] } }),
    takes: [...moved.slice(1), ...subnetsOf],
    plan: "moved",
  },
  {
    field: "region",
    to: set({ region: "cn-north-1", network: { ...network, zones: ["cn-north-1b"] } }),
    takes: [...moved.slice(1), ...subnetsOf],
    plan: "moved",
  },
  { field: "network", to: connected({ zones: [...network.zones, "eu-central-1a"] }), plan: "kept" },
  { field: "network", to: connected({ endpoints: ["ssmmessages", "ssm", "logs"] }), plan: "kept" },
  {
    field: "network",
    to: connected({ zones: ["eu-central-1b"] }),
    takes: ["the subnet of eu-central-1c"],
    goes: [/^aws_subnet\.private-eu-central-1c$/, /^aws_route_table_association\.private-route-eu-central-1c$/],
    plan: "registered",
  },
  {
    field: "network",
    to: connected({ endpoints: ["ssm"] }),
    takes: ["logs"],
    goes: [/^aws_vpc_endpoint\.logs-endpoint$/],
    plan: "taken",
  },
  {
    field: "network",
    to: (file) => ({ ...connected({ nat: false })(file), sessionAccess: false }),
    takes: ["the NAT gateway in eu-central-1b"],
    goes: [...wayOut, /^aws_internet_gateway\.internet$/, /^aws_route_table\.public-routes$/],
    plan: "narrowed",
  },
  {
    field: "network",
    to: connected({ zones: ["eu-central-1c", "eu-central-1b"] }),
    takes: ["the NAT gateway in eu-central-1b"],
    goes: wayOut.toSpliced(1, 1),
  },
  { field: "network", to: connected({ cidr: "10.90.0.0/16" }), takes: ["10.80.0.0/16"], goes: wholeNetwork },
  {
    field: "network",
    to: set({ network: { kind: "public", cidr: network.cidr, zones: network.zones } }),
    takes: ["logs", "private", "ssm", "the NAT gateway in eu-central-1b"],
    goes: [
      ...wayOut.slice(0, 2),
      /^aws_(subnet|route_table|route_table_association)\.private-/,
      /^aws_vpc_endpoint\.\w+-endpoint$/,
      /^aws_(vpc_)?security_group.*\.endpoints/,
    ],
  },
  {
    field: "network",
    to: set({ network: { kind: "existing", subnets: [subnetGiven] } }),
    takes: ["10.80.0.0/16", "logs", "private", "ssm", "the NAT gateway in eu-central-1b", ...subnetsOf],
    goes: wholeNetwork,
  },
  {
    field: "forge.serverUrl",
    to: within("forge", { serverUrl: "https://ghe.example.org", repositoryIds: {} }),
    takes: ["https://github.com"],
    plan: "taken",
  },
  {
    field: "forge.repositories",
    to: within("forge", { repositories: [...forge.repositories, "octo-org/more"] }),
    plan: "kept",
  },
  {
    field: "forge.repositories",
    to: within("forge", { repositories: ["octo-org/octo-repo", "octo-org/shop"] }),
    takes: [`partition "${docs}"`],
    goes: rolesAndTemplates(docs),
    plan: "taken",
  },
  {
    field: "forge.repositoryIds",
    to: within("forge", { repositoryIds: { ...forge.repositoryIds, "octo-org/octo-repo": "123456/456789" } }),
    plan: "kept",
  },
  { field: "forge.enterpriseIssuer", to: within("forge", { enterpriseIssuer: "octo" }), plan: "kept" },
  // Of an organisation's runners alone, whose scopes it then changes with.
  {
    field: "forge.runnerGroup",
    to: within("forge", { organisation: "octo-org", runnerGroup: "pool" }),
    takes: scopes,
    plan: "registered",
  },
  { field: "forge.organisation", to: within("forge", { organisation: "octo-org" }), takes: scopes, plan: "registered" },
  {
    field: "forge.organization",
    to: within("forge", { organisation: undefined, organization: "octo-org" }),
    takes: scopes,
    plan: "registered",
  },
  {
    field: "forge.enterprise",
    to: within("forge", { organisation: undefined, organization: undefined, enterprise: "octo" }),
    takes: [...scopes, scope("octo-org", "web")],
    plan: "registered",
  },
  {
    field: "forge.credentialParameter",
    to: within("forge", { credentialParameter: "/octo/github-app" }),
    plan: "kept",
  },
  {
    field: "partitions",
    to: set({ partitions: { web: ["octo-org/shop", "octo-org/octo-repo"] } }),
    takes: [`partition "${own}"`],
    goes: rolesAndTemplates(own),
    plan: "taken",
  },
  {
    field: "retiredPartitions",
    to: (file) => ({
      ...file,
      forge: { ...file.forge, repositories: file.forge.repositories.filter((one) => one !== "octo-org/docs") },
      retiredPartitions: { [docs]: "octo-org/docs" },
    }),
    plan: "kept",
  },
  // What kind of machines.
  {
    field: "classes",
    to: set({
      classes: {
        large: { cpu: 2, mmem: 8192 },
        huge: { ...huge, maxUses: 3, maxRuntime: "2h", usageClass: "on-demand", disk: { sizeGiB: 90 } },
        docker: { ...large, docker: true, preRunner: { script: "#!/bin/sh\n" }, architectures: ["x64"] },
      },
    }),
    plan: "kept",
  },
  {
    field: "classes",
    to: set({ classes: { large } }),
    takes: ['class "huge"'],
    goes: [/^aws_sqs_queue\.(pool|unreadable)-huge$/, /^aws_launch_template\.template-huge-/],
    plan: "taken",
  },
  {
    field: "retiredClasses",
    to: (file) => {
      const { huge: _, ...classes } = file.classes ?? {};
      return { ...file, classes, retiredClasses: ["huge"] };
    },
    plan: "kept",
  },
  {
    field: "classes",
    to: set({ classes: { large: { ...large, architectures: ["x64"] }, huge } }),
    takes: ['architecture "arm64" of class "large"'],
    goes: [/^aws_launch_template\.template-large-arm64-/],
    plan: "narrowed",
  },
  {
    field: "defaults.architectures",
    to: within("defaults", { architectures: ["x64"], image: { x64: before.defaults.image.x64 } }),
    takes: ['architecture "arm64" of class "huge"', 'architecture "arm64" of class "large"'],
    goes: [/^aws_launch_template\.template-\w+-arm64-/, /^aws_ssm_parameter\.image-arm64$/],
    plan: "taken",
  },
  {
    field: "retiredArchitectures",
    to: (file) => ({ ...within("defaults", { architectures: ["x64"] })(file), retiredArchitectures: ["arm64"] }),
    plan: "kept",
  },
  { field: "defaults.operatingSystem", to: within("defaults", { operatingSystem: "ubuntu-24.04" }), plan: "kept" },
  { field: "defaults.image.x64", to: ofMachines("image", { x64: { id: "ami-0a1b2c3d4e5f60003" } }), plan: "kept" },
  // No instance stands on it, but provisions do, until the pipeline publishes: docs/ami.md.
  {
    field: "defaults.image.x64",
    to: ofMachines("image", { x64: { pipeline: true } }),
    goes: [/^aws_ssm_parameter\.image-x64$/],
    plan: "taken",
  },
  { field: "defaults.image.arm64", to: ofMachines("image", { arm64: { id: "ami-0a1b2c3d4e5f60004" } }), plan: "kept" },
  { field: "defaults.install.x64", to: ofMachines("install", { x64: archive }), plan: "kept" },
  { field: "defaults.install.arm64", to: ofMachines("install", { arm64: archive }), plan: "kept" },
  { field: "imageOwners", to: set({ imageOwners: ["444455556666"] }), plan: "kept" },
  { field: "instanceTypes", to: set({ instanceTypes: ["c*", "g5.*"] }), plan: "kept" },
  { field: "defaults.disk.sizeGiB", to: ofMachines("disk", { sizeGiB: 100 }), plan: "kept" },
  { field: "defaults.disk.iops", to: ofMachines("disk", { iops: 4000 }), plan: "kept" },
  { field: "defaults.disk.throughputMiB", to: ofMachines("disk", { throughputMiB: 250 }), plan: "kept" },
  { field: "defaults.docker", to: within("defaults", { docker: true }), plan: "kept" },
  {
    field: "defaults.preRunner.script",
    to: ofMachines("preRunner", { script: "#!/bin/bash\ntrue\n" }),
    plan: "kept",
  },
  { field: "defaults.preRunner.user", to: ofMachines("preRunner", { user: "job" }), plan: "kept" },
  { field: "defaults.maxUses", to: within("defaults", { maxUses: 3 }), plan: "kept" },
  { field: "defaults.maxRuntime", to: within("defaults", { maxRuntime: "1h" }), plan: "kept" },
  { field: "defaults.usageClass", to: within("defaults", { usageClass: "on-demand" }), plan: "kept" },
  { field: "defaults.spotMaxPrice", to: within("defaults", { spotMaxPrice: 0.1 }), plan: "kept" },
  { field: "labels", to: set({ labels: ["ours"] }), plan: "kept" },
  { field: "anyRunsJobs", to: set({ anyRunsJobs: true }), plan: "kept" },
  { field: "runnerEnvironment", to: set({ runnerEnvironment: { RUNNER_TOOL_CACHE: "/opt/tools" } }), plan: "kept" },
  { field: "proxy.url", to: set({ proxy: { url: "http://other.example.org:3128" } }), plan: "kept" },
  {
    field: "proxy.noProxy",
    to: set({ proxy: { url: "http://other.example.org:3128", noProxy: ["example.org"] } }),
    plan: "kept",
  },
  { field: "privateCa", to: set({ privateCa: certificate }), plan: "kept" },
  { field: "sessionAccess", to: set({ sessionAccess: false }), plan: "kept" },
  { field: "tags", to: set({ tags: { team: "ci" } }), plan: "kept" },
  // How many, and how long.
  ...Object.entries({
    idle: "60s",
    boot: "11m",
    provision: "15m",
    maxAge: "1h",
    maxInstances: 30,
    maxInstancesPerPartition: 20,
  }).map(([name, value]): Change => ({
    field: `limits.${name}`,
    to: within("limits", { [name]: value }),
    plan: "kept",
  })),
  { field: "idleFloors", to: set({ idleFloors: { "large/x64": 1 } }), plan: "kept" },
  { field: "schedules", to: set({ schedules: [] }), plan: "kept" },
  // How it is run.
  ...Object.entries(alarmChannels).map(([channel, shape]): Change => {
    const { examples } = shape.meta() as { readonly examples: readonly [readonly string[]] };
    return { field: `alarms.${channel}`, to: within("alarms", { [channel]: examples[0] }), plan: "kept" };
  }),
  { field: "alarms.idleCeiling", to: within("alarms", { idleCeiling: 5 }), plan: "kept" },
  {
    field: "monthlyBudgetUsd",
    to: set({ monthlyBudgetUsd: 100, alarms: { email: ["ci@example.org"] } }),
    plan: "kept",
  },
  { field: "shipLogs", to: set({ shipLogs: false }), plan: "kept" },
  { field: "logRetentionDays", to: set({ logRetentionDays: 7 }), plan: "kept" },
  {
    field: "kmsKeyArn",
    to: set({ kmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }),
    takes: ["AWS's own key"],
    plan: "taken",
  },
  {
    field: "given.oidcProviderArn",
    to: (file) => {
      const issuer = ["token.actions.githubusercontent.com", file.forge.enterpriseIssuer].filter(Boolean).join("/");
      return within("given", { oidcProviderArn: `arn:aws:iam::123456789012:oidc-provider/${issuer}` })(file);
    },
    plan: "kept",
  },
  { field: "given.spotServiceRole", to: within("given", { spotServiceRole: true }), plan: "kept" },
  { field: "deployFrom.repository", to: from("deployFrom", { repository: "octo-org/octo-repo" }), plan: "kept" },
  { field: "deployFrom.githubEnvironment", to: from("deployFrom", { githubEnvironment: "other" }), plan: "kept" },
  { field: "deployFrom.subjects", to: from("deployFrom", { subjects: ["repository_id:456789"] }), plan: "kept" },
  { field: "imagesFrom.repository", to: from("imagesFrom", { repository: "octo-org/octo-repo" }), plan: "kept" },
  { field: "imagesFrom.ref", to: from("imagesFrom", { ref: "refs/heads/next" }), plan: "kept" },
  { field: "imagesFrom.subnets", to: from("imagesFrom", { subnets: ["subnet-0123456789abcdef0"] }), plan: "kept" },
  { field: "imagesFrom.subjects", to: from("imagesFrom", { subjects: ["repository_id:456789"] }), plan: "kept" },
  ...Object.entries({
    refs: ["refs/heads/main"],
    pullRequests: true,
    environments: ["ci"],
    workflows: ["octo-org/ci/.github/workflows/provision.yml@refs/heads/main"],
    subjects: ["repository_id:456789"],
  }).map(([name, value]): Change => ({
    field: `provisionFrom.${name}`,
    to: (file) => ({ ...file, provisionFrom: { ...file.provisionFrom, [name]: value } }),
    plan: "kept",
  })),
  { field: "protect", to: set({ protect: true }), plan: "kept" },
  {
    field: "state",
    to: set({ state: { kind: "s3", bucket: "octo-org-terraform-state", region: "eu-central-1" } }),
    plan: "elsewhere",
  },
];
