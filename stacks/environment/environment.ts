// What a person writes to describe an environment: the shape of the files under environments/.
import { z } from "zod";
import { durationPattern, formatDuration, parseDuration, respelledDuration } from "../../domain/duration.ts";
import {
  defaultMachines,
  machineClass,
  machineDefaults,
  operatingSystems,
  type MachineClass,
  type MachineSettings,
} from "../../domain/machine-class.ts";
import { awsPartitionOf } from "../../domain/names.ts";
import { architectures } from "../../domain/record.ts";
import { defaultResourceClasses } from "../../domain/resource-class.ts";

const text = z.string().min(1, "is empty");

/** Families for general work: no accelerators, no Macs. Of burstable ones a machine is made only where a request names them. */
const defaultInstanceTypes = [
  "c*",
  "m5*",
  "m6*",
  "m7*",
  "m8*",
  "m9*",
  "r*",
  "t2*",
  "t3*",
  "t4*",
  "i3*",
  "i4*",
  "i7*",
  "i8*",
  "x*",
  "z*",
];
const architecture = z.enum(architectures);

const cidr = z
  .string()
  .regex(/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}\/\d{1,2}$/, "must be a CIDR block, e.g. 10.80.0.0/16");

/** A VPC of its own. `zones`: one subnet is made in each. */
const createdNetwork = {
  cidr,
  zones: z.array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "must be an availability zone, e.g. eu-central-1a")),
};

const subnetId = z.string().regex(/^subnet-[0-9a-f]{8,17}$/, "must be a subnet id, e.g. subnet-0123456789abcdef0");

const network = z.discriminatedUnion("kind", [
  /** Public subnets only: instances have public addresses and no way in. No NAT gateway, so nothing to pay while idle. */
  z.strictObject({ kind: z.literal("public"), ...createdNetwork }),
  /** Private subnets. Without `nat` a proxy must lead to GitHub. Each interface endpoint costs by the hour and zone. */
  z.strictObject({
    kind: z.literal("private"),
    ...createdNetwork,
    nat: z.boolean().default(true),
    endpoints: z
      .array(z.enum(["ssm", "ssmmessages", "ec2messages", "logs"]))
      .refine((all) => new Set(all).size === all.length, "contains a duplicate")
      .default([]),
  }),
  /** A VPC that exists: what `aws ec2 describe-subnets` says of each subnet. */
  z.strictObject({
    kind: z.literal("existing"),
    subnets: z.array(
      z.strictObject({
        id: subnetId,
        zone: text,
        vpc: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, "must be a VPC id, e.g. vpc-0123456789abcdef0"),
      }),
    ),
  }),
]);

/** Each at most a hundred, as at GitHub: together they become a tag's value, which has 256. */
const repository = z
  .string()
  .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, "must be OWNER/REPOSITORY")
  .regex(/(?<!\.git)$/, "must not end in .git");
/** One of them, or every repository of an owner, those of tomorrow included. */
const served = z
  .string()
  .regex(/^[\w.-]{1,100}\/([\w.-]{1,100}|\*)$/, "must be OWNER/REPOSITORY, or OWNER/* for every repository of an owner")
  .regex(/(?<!\.git)$/, "must not end in .git");
/** Where runners register: a repository, an organisation, an enterprise. */
const scope = z
  .string()
  .regex(
    /^(enterprises\/)?[\w-]{1,100}$|^[\w.-]{1,100}\/[\w.-]{1,100}$/,
    "must be OWNER/REPOSITORY, ORGANISATION or enterprises/NAME",
  );
/** A name at GitHub as it is in addresses. */
const account = z.string().regex(/^[\w-]{1,100}$/, "must be a name as it is in GitHub's addresses, e.g. octo-org");
/** Systems Manager API Reference, PutParameter: at most fifteen levels; names that begin with "aws" or "ssm" are AWS's. */
const parameterName = z
  .string()
  .max(1011)
  .regex(/^(\/[A-Za-z0-9_.-]+){1,15}$/, "must be the name of an SSM parameter, e.g. /runpool/dev/forge-credential");
const ownParameterName = parameterName.regex(/^(?!\/(aws|ssm))/i, 'begins with "aws" or "ssm": AWS keeps such names');
const kmsKeyArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, "must be the ARN of a KMS key");
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be an AWS region, e.g. eu-central-1");
/** S3 User Guide, "General purpose bucket naming rules". */
const bucket = z
  .string()
  .regex(/^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket: 3-63 of a-z, 0-9, "-" and "."')
  .regex(
    /^(?!\d+\.\d+\.\d+\.\d+$)(?!xn--|sthree-|amzn-s3-demo-)/,
    "must be no address, and begin with nothing of S3's own",
  )
  .regex(/(?<!-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/, "ends in what S3 keeps for itself");
/** Texts of trust policies, where `*`, `?` and `${…}` would let others in. */
const githubEnvironment = text
  .regex(/^[^*?$]*$/, "must name one environment: no *, ? or $")
  .regex(/^\S(.*\S)?$/, "begins or ends with a blank");
const ref = z
  .string()
  .regex(/^refs\/(heads|tags)\/[^\s*?$:^~[\\]+$/, "must name one branch or tag, e.g. refs/heads/main: no *, ? or $");
/** A pull request's ref is whatever the pull request says: who opens one would write the workflow. */
const workflow = z
  .string()
  .regex(
    /^[\w.-]{1,100}\/[\w.-]{1,100}\/\.github\/workflows\/[\w.-]+\.ya?ml@(refs\/(heads|tags)\/[^\s*?$:^~[\\@]+|[0-9a-f]{40})$/,
    "must name one workflow at one branch, tag or commit, e.g. octo-org/ci/.github/workflows/provision.yml@refs/heads/main: no *, ? or $, no refs/pull/…",
  );
/** A customised subject: claims by their names, as the template at GitHub lists them. */
const claims = z
  .string()
  .regex(
    /^[a-z][a-z_]*:[^:*?$]/,
    "must begin with a claim's name and its value, e.g. repo:octo-org@123456/octo-repo@456789 or repository_id:456789",
  )
  .regex(/^(?!.*::)(.*[^:])?$/, "has a : with nothing behind it");
const exactSubject = claims
  .regex(/^[^*?$]*$/, "must be one subject: no *, ? or $")
  .regex(/^(\S(.*\S)?)?$/, "begins or ends with a blank");
const subject = claims
  .regex(
    /^[^*?$]*([/:]\*)?$/,
    "must be one subject, or all that begin with one, by :* or /* at its end: no other *, no ? or $",
  )
  .regex(/^(\S(.*\S)?)?$/, "begins or ends with a blank");

const forgeShape = z.strictObject({
  /** `https://github.com`, or a GitHub Enterprise Server. */
  serverUrl: z
    .url({ protocol: /^https$/, error: "must be an https URL" })
    .regex(/^https:\/\/[A-Za-z0-9.-]+\/?$/, "must be https://HOST alone: no path, port, user or blank")
    .regex(/^https:\/\/(?!(www|api)\.github\.com)/i, "must be https://github.com, as in a repository's address")
    .default("https://github.com"),
  /** Repositories that the environment serves; `OWNER/*`: all of an owner, which are one partition but for those that are named too. */
  repositories: z.array(served).min(1, "must name at least one repository"),
  /**
   * By repository the numbers OWNER_ID/REPOSITORY_ID that its tokens' subjects name, and by `OWNER/*` the number OWNER_ID: the roles then
   * trust these, not a later owner of the name. Required for `OWNER/*`, `deployFrom` and `imagesFrom`.
   */
  repositoryIds: z
    .record(
      served,
      z
        .string()
        .regex(
          /^[1-9]\d*(\/[1-9]\d*)?$/,
          "must be OWNER_ID/REPOSITORY_ID, e.g. 123456/456789; of OWNER/* it is OWNER_ID",
        ),
    )
    .default({}),
  /** The short name of an enterprise whose tokens have an issuer of their own (GitHub docs, "Customizing the issuer value for an enterprise"). */
  enterpriseIssuer: account.optional(),
  /** All runners register here, not at their repositories: the credential then needs no right in each of them. */
  organisation: account.optional(),
  /** The same in American spelling. */
  organization: account.optional(),
  /** The same, above organisations; by its short name. Its credential is a classic PAT: no GitHub App may. */
  enterprise: account.optional(),
  /** The runner group that all runners are put into, which says what repositories may use them; only where none registers at a repository. */
  runnerGroup: z
    .string()
    .regex(/^\S([^\p{C}]*\S)?$/u, "must be a runner group's name, without a blank at its ends")
    .max(128)
    .optional(),
  /** The SecureString with what refresh authenticates by, a GitHub App or a token; people write it, outside Terraform's state. */
  credentialParameter: ownParameterName.optional(),
});

const forge = forgeShape
  .refine(({ organisation, organization }) => organisation === undefined || organization === undefined, {
    path: ["organization"],
    error: "is the same field as forge.organisation: set only one of them",
  })
  .transform(({ organisation, organization, ...rest }) => ({ ...rest, organisation: organisation ?? organization }));

/** Where an AMI's id comes from: given; a parameter (AWS's public ones, or an own); or the AMI pipeline's parameter. */
const image = z.union(
  [
    z.strictObject({ id: z.string().regex(/^ami-[0-9a-f]{8,17}$/, "must be an AMI id, e.g. ami-0123456789abcdef0") }),
    z.strictObject({ parameter: parameterName }),
    z.strictObject({ pipeline: z.literal(true) }),
  ],
  "must be one of { id }, { parameter } and { pipeline: true }",
);

/** An archive with `install.sh` at its top, as a release publishes it (`runpool-stock-…`, from ami/stock.sh): it fetches what it needs by checksum. */
const archive = z.strictObject({
  url: z.url({ protocol: /^https$/, error: "must be an https URL" }),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
});

const wrongDuration = ({ input }: { readonly input?: unknown }): string => {
  const right = respelledDuration(input);
  if (input === undefined) return 'is required: a duration, e.g. "30m"';
  const shown = JSON.stringify(input) ?? typeof input;
  return right === undefined
    ? `must be a duration with its unit, e.g. "90s", "7m" or "1h30m", not ${shown}`
    : `must be a duration with its unit: write "${right}", not ${shown}`;
};
/** Written with units, read as ms. */
const duration = z
  .string({ error: wrongDuration })
  .regex(durationPattern, { error: wrongDuration })
  .transform((text) => parseDuration(text) ?? 0);

const byArchitecture = <Shape extends z.ZodType>(shape: Shape) =>
  z.strictObject({ x64: shape.optional(), arm64: shape.optional() });
const disk = z.strictObject({
  sizeGiB: z.number().int().min(8).max(16_384).default(machineDefaults.disk.sizeGiB),
  iops: z.number().int().min(3000).max(16_000).default(machineDefaults.disk.iops),
  throughputMiB: z.number().int().min(125).max(1000).default(machineDefaults.disk.throughputMiB),
});
const preRunner = z.strictObject({
  /** What runs once on every new machine. */
  script: z.string().default(machineDefaults.preRunner.script),
  /** Who runs it: root, or the user that jobs have. */
  user: z.enum(["root", "job"]).default(machineDefaults.preRunner.user),
});

/** What machines are, but for their size; each field of a class that is left out is as in the defaults. */
const machines = {
  operatingSystem: z.enum(Object.keys(operatingSystems) as [keyof typeof operatingSystems]),
  architectures: z.array(architecture).min(1, "must contain at least one architecture"),
  image: byArchitecture(image),
  /** What makes a runner of a stock AMI at first boot, by architecture; leave out where the AMIs are baked. */
  install: byArchitecture(archive).default({}),
  disk: disk.prefault({}),
  /** Docker makes jobs root on their machine: a machine then serves one run, unless `maxUses` says otherwise. */
  docker: z.boolean().default(machineDefaults.docker),
  preRunner: preRunner.prefault({}),
  /** Runs that a machine may serve; 0 = any number. */
  maxUses: z.number().int().min(0).optional(),
  /** How long one may serve a run. */
  maxRuntime: duration.prefault(formatDuration(machineDefaults.maxRuntime)),
  /** Of a provision, or an idle floor, that names none. */
  usageClass: z.enum(["spot", "on-demand"]).default(machineDefaults.usageClass),
  /** The most to pay for a spot instance, USD an hour. EC2's advice is to set none: it costs interruptions. */
  spotMaxPrice: z.number().positive().max(1000).optional(),
};
const resourceClass = z.strictObject({
  /** Minimum vCPUs; may be left out of a class that is named as a built-in one. */
  cpu: z.number().optional(),
  /** Minimum memory, MiB; likewise. */
  mmem: z.number().optional(),
  operatingSystem: machines.operatingSystem.optional(),
  architectures: machines.architectures.optional(),
  image: machines.image.optional(),
  install: machines.install.unwrap().optional(),
  disk: z
    .strictObject({
      sizeGiB: disk.shape.sizeGiB.unwrap(),
      iops: disk.shape.iops.unwrap(),
      throughputMiB: disk.shape.throughputMiB.unwrap(),
    })
    .partial()
    .optional(),
  docker: z.boolean().optional(),
  preRunner: z
    .strictObject({ script: preRunner.shape.script.unwrap(), user: preRunner.shape.user.unwrap() })
    .partial()
    .optional(),
  maxUses: machines.maxUses,
  maxRuntime: duration.optional(),
  usageClass: machines.usageClass.unwrap().optional(),
  spotMaxPrice: machines.spotMaxPrice,
});

const poolName = z
  .string()
  .regex(
    /^[a-z0-9-]+\/(x64|arm64)(\/(spot|on-demand))?$/,
    'must be CLASS/ARCHITECTURE, e.g. "large/x64" (of the class\'s own usage class), or CLASS/ARCHITECTURE/on-demand',
  );
const idleFloors = z.record(poolName, z.number().int().min(0));

/** CloudWatch Logs API Reference, PutRetentionPolicy. */
const retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653];

/** Whom an environment's alarms notify, by the protocol of SNS's subscription: one more is a line here, and a row of docs/environment.md. */
export const alarmChannels = {
  email: z
    .array(z.email())
    .default([])
    .meta({ examples: [["ops@example.org"]] }),
};
export type AlarmChannel = keyof typeof alarmChannels;

export const environmentShape = z.strictObject({
  /** Where an editor finds the JSON schema of this file. */
  $schema: z.string().optional(),
  /** The form of this file. */
  schema: z.literal(2, { error: ({ input }) => (input === undefined ? "is required: write 2" : "must be 2") }),
  /** Part of every name at AWS and GitHub. */
  name: text,
  account: z.string().regex(/^\d{12}$/, "must be the twelve digits of an AWS account"),
  region,
  network,
  forge,
  /** Named groups of repositories that share machines; a repository in none has machines of its own. */
  partitions: z.record(z.string(), z.array(repository)).default({}),
  /**
   * Partitions that no repository is in any more, whose role and launch templates are kept until their last instance has ended, each with
   * the place where its runners are registered: OWNER/REPOSITORY, an organisation, or enterprises/NAME.
   */
  retiredPartitions: z.record(z.string(), scope).default({}),
  /** What machines of every class are, unless the class says otherwise. */
  defaults: z.strictObject(machines),
  /** Machine classes by name, each with what it is otherwise than `defaults`; the built-in ones, large to 16xlarge, where nothing is given. */
  classes: z.record(z.string(), resourceClass).optional(),
  /** Classes taken out of `classes` whose queues and launch templates are kept until nothing of them is left: a deployment that drops one sooner is refused. */
  retiredClasses: z.array(z.string()).default([]),
  /** Architectures that classes were made for and are not any more, whose launch templates are kept, likewise. */
  retiredArchitectures: z.array(architecture).default([]),
  /** Accounts beside this one whose AMIs machines may be made of, where an `image` names a parameter: a golden image's account. */
  imageOwners: z.array(z.string().regex(/^\d{12}$/, "must be the twelve digits of an AWS account")).default([]),
  /**
   * What workflows may launch, by wildcards: the provision role can launch nothing else. The default has no accelerators (`g*`, `p*`, `inf*`, `trn*`)
   * and no Macs; bare metal and sizes far above the largest class are left out whatever it names.
   */
  instanceTypes: z
    .array(
      z
        .string()
        .regex(
          /^[a-z][a-z0-9-]*\*?(\.(\*|[a-z0-9-]+))?$/,
          'must be a family, with or without a size: "c*", "m7i.*", "g5.xlarge"',
        ),
    )
    .min(1, "must contain at least one family of instance types")
    .max(30, "must be at most 30 wildcards: an IAM policy is short")
    .default([...defaultInstanceTypes]),
  limits: z
    .strictObject({
      /** How long an idle instance waits for a claim. */
      idle: duration,
      boot: duration,
      provision: duration,
      maxAge: duration,
      maxInstances: z.number().int().min(1),
      maxInstancesPerPartition: z.number().int().min(1),
    })
    .partial()
    .default({}),
  /** Environment variables of runner, hooks and jobs: a tool cache of the image, own hooks. No secrets. */
  runnerEnvironment: z.record(z.string(), z.string()).default({}),
  /** Runners take jobs of any run, for labels that runs share: every workflow that uses such a label may get the machine. */
  anyRunsJobs: z.boolean().default(false),
  labels: z.array(text).default([]),
  /** Idle instances to keep, by `class/architecture` (of the class's own usage class) or `class/architecture/on-demand`. */
  idleFloors: idleFloors.default({}),
  /** Idle floors by the clock: each entry sets them at its time. `cron`: as EventBridge Scheduler takes it. */
  schedules: z.array(z.strictObject({ name: text, cron: text, timezone: text.default("UTC"), idleFloors })).default([]),
  proxy: z
    .strictObject({
      url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }),
      noProxy: z.array(z.string().regex(/^[^\s,]+$/, "must be one host, without blanks and commas")).default([]),
    })
    .optional(),
  /** PEM certificates that instances trust besides the public ones. */
  privateCa: text.optional(),
  sessionAccess: z.boolean().default(false),
  shipLogs: z.boolean().default(false),
  tags: z.record(z.string(), z.string()).default({}),
  alarms: z.strictObject({ ...alarmChannels, idleCeiling: z.number().int().min(1).optional() }).prefault({}),
  logRetentionDays: z.literal(retentions, `must be one of CloudWatch's: ${retentions.join(", ")}`).default(30),
  /** A customer-managed key for table, queues, logs and disks; AWS's own keys where it is absent. */
  kmsKeyArn: kmsKeyArn.optional(),
  /** Things that the account has already; the account stack makes those that are not given. */
  given: z
    .strictObject({ oidcProviderArn: z.string().startsWith("arn:"), spotServiceRole: z.boolean() })
    .partial()
    .default({}),
  /** Which workflows of `forge.repositories` may provision; without it every branch, tag and pull request, in jobs without a GitHub environment. */
  provisionFrom: z
    .strictObject({
      /** These branches and tags alone; none where the list is empty. */
      refs: z.array(ref).optional(),
      /** Pull requests from branches of the repository: without it they may unless `refs` says who may. */
      pullRequests: z.boolean().optional(),
      /** Besides, jobs that name one of these GitHub environments. */
      environments: z.array(githubEnvironment).default([]),
      /** Only jobs of one of these reusable workflows. */
      workflows: z.array(workflow).min(1, "is empty").optional(),
      /** Subjects that a template at GitHub makes, instead of GitHub's own. */
      subjects: z.array(subject).min(1, "is empty").optional(),
    })
    .prefault({}),
  /** The repository (and GitHub environment) that may deploy this environment; absent: nobody. */
  deployFrom: z
    .strictObject({
      repository,
      githubEnvironment,
      /** Besides GitHub's own. */ subjects: z.array(exactSubject).default([]),
    })
    .optional(),
  /** The repository (and the ref of it) whose workflows bake, test, publish and prune images; absent: nobody. */
  imagesFrom: z
    .strictObject({
      repository,
      ref: ref.default("refs/heads/main"),
      /** Besides GitHub's own. */
      subjects: z.array(exactSubject).default([]),
      /** Where images are baked; the environment's own subnets unless given. */
      subnets: z.array(subnetId).min(1, "is empty").optional(),
    })
    .optional(),
  monthlyBudgetUsd: z.number().min(0.01).optional(),
  /** Refuses `destroy` of the table. */
  protect: z.boolean().default(false),
  state: z
    .discriminatedUnion("kind", [
      /** A file `terraform.<stack>.tfstate` in the project's folder. */
      z.strictObject({ kind: z.literal("local") }),
      /** S3 with its own lock file; the bucket exists already. */
      z.strictObject({ kind: z.literal("s3"), bucket, region, kmsKeyArn: kmsKeyArn.optional() }),
    ])
    .default({ kind: "local" }),
});

/** As written in a file. */
export type EnvironmentFile = z.input<typeof environmentShape>;
/** As read, with every default of a field filled in. */
export type ParsedFile = z.output<typeof environmentShape>;

/** What an environment is: `defaults` as every class has them that says nothing else, and each class with all that it is. */
export interface Environment extends Omit<ParsedFile, "$schema" | "schema" | "defaults" | "classes"> {
  readonly awsPartition: ReturnType<typeof awsPartitionOf>;
  readonly defaults: MachineSettings;
  readonly classes: Readonly<Record<string, MachineClass>>;
}

export function environmentOf({ $schema: _editor, schema: _form, classes, ...file }: ParsedFile): Environment {
  const said = classes ?? Object.fromEntries(Object.keys(defaultResourceClasses).map((name) => [name, {}]));
  return {
    ...file,
    awsPartition: awsPartitionOf(file.region),
    defaults: defaultMachines(file.defaults),
    classes: Object.fromEntries(
      Object.entries(said).map(([name, own]) => [name, machineClass(name, own, file.defaults)]),
    ),
  };
}

/** A field's path and the rule that its value breaks. */
export type Problem = readonly [path: string, rule: string];
