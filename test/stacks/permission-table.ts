// Who may do what at AWS, and who may not: requests that the synthesized policies are evaluated against.
import type { Request } from "./evaluate-policy.ts";

const here = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
export const table = here("dynamodb", "table/runpool-example");
export const own = here("ec2", "instance/i-0123456789abcdef0");
export const other = here("ec2", "instance/i-0fedcba9876543210");
export const parameter = (name: string) => here("ssm", `parameter/runpool/${name}`);
export const asInstance = { "ec2:SourceInstanceARN": own, "aws:Ec2InstanceSourcePrivateIPv4": "10.80.1.2" };
export const item = (leading: string, ...attributes: readonly string[]) => ({
  ...asInstance,
  "dynamodb:LeadingKeys": [leading],
  ...(attributes.length === 0 ? {} : { "dynamodb:Attributes": attributes }),
});
const tagged = (environment: string, manager = "pool") => ({
  "aws:ResourceTag/runpool:environment": environment,
  "aws:ResourceTag/runpool:manager": manager,
});
const tagging = (environment: string) => ({
  "aws:RequestTag/runpool:environment": environment,
  "aws:RequestTag/runpool:manager": "pool",
});
const template = { "ec2:LaunchTemplate": here("ec2", "launch-template/lt-0123456789abcdef0") };
const passing = (service: string) => ({ "iam:PassedToService": service });
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

export type Row = readonly [
  who: string,
  what: string,
  allowed: boolean,
  action: string,
  resource: string,
  context?: Request["context"],
];

/** An instance, which a job may have taken over. */
export const instance: readonly Row[] = [
  ["instance", "reads its own item", true, "dynamodb:GetItem", table, item(own)],
  ["instance", "reads another's item", false, "dynamodb:GetItem", table, item(other)],
  ["instance", "reads the configuration", false, "dynamodb:GetItem", table, item("configuration#defaults")],
  [
    "instance",
    "reads the pre-runner script of the overlay",
    true,
    "dynamodb:GetItem",
    table,
    item("configuration#overlay", "key", "preRunnerScript"),
  ],
  [
    "instance",
    "reads more of the configuration than that",
    false,
    "dynamodb:GetItem",
    table,
    item("configuration#defaults", "key", "preRunnerScript", "forge"),
  ],
  [
    "instance",
    "writes the pre-runner script",
    false,
    "dynamodb:UpdateItem",
    table,
    item("configuration#overlay", "key", "preRunnerScript"),
  ],
  [
    "instance",
    "writes its heartbeat",
    true,
    "dynamodb:UpdateItem",
    table,
    item(own, "key", "heartbeatAt", "busy", "vitals", "agentVersion", "retiredAt"),
  ],
  ["instance", "retires on a version", true, "dynamodb:UpdateItem", table, item(own, "key", "retiredAt", "version")],
  ["instance", "makes itself idle", false, "dynamodb:UpdateItem", table, item(own, "key", "state")],
  ["instance", "gives itself another run", false, "dynamodb:UpdateItem", table, item(own, "key", "runId", "owner")],
  ["instance", "moves its threshold", false, "dynamodb:UpdateItem", table, item(own, "key", "threshold")],
  ["instance", "writes another's heartbeat", false, "dynamodb:UpdateItem", table, item(other, "key", "heartbeatAt")],
  ["instance", "writes naming no attribute", false, "dynamodb:UpdateItem", table, item(own)],
  ["instance", "reads without naming a key", false, "dynamodb:GetItem", table, asInstance],
  ["instance", "reads from outside any instance", false, "dynamodb:GetItem", table, { "dynamodb:LeadingKeys": [own] }],
  ["instance", "deletes its item", false, "dynamodb:DeleteItem", table, item(own)],
  ["instance", "scans the table", false, "dynamodb:Scan", table, asInstance],
  ["instance", "looks into an index", false, "dynamodb:Query", `${table}/index/by-run`, asInstance],
  [
    "instance",
    "reads its partition's registration token",
    true,
    "ssm:GetParameter",
    parameter("example/registration/github_octo-org_docs"),
    asInstance,
  ],
  [
    "instance",
    "reads another partition's token",
    false,
    "ssm:GetParameter",
    parameter("example/registration/github_octo-org_octo-repo"),
    asInstance,
  ],
  [
    "instance",
    "reads another environment's token",
    false,
    "ssm:GetParameter",
    parameter("prod/registration/github_octo-org_docs"),
    asInstance,
  ],
  ["instance", "reads the App's key", false, "ssm:GetParameter", parameter("example/forge-credential"), asInstance],
  ["instance", "ends another machine", false, "ec2:TerminateInstances", other, { ...asInstance, ...tagged("example") }],
  ["instance", "ends itself by EC2", false, "ec2:TerminateInstances", own, { ...asInstance, ...tagged("example") }],
  ["instance", "takes from the pool", false, "sqs:ReceiveMessage", here("sqs", "runpool-example_large"), asInstance],
  [
    "instance",
    "writes its own log stream",
    true,
    "logs:PutLogEvents",
    here("logs", "log-group:/runpool/example/instances:log-stream:i-0123456789abcdef0/10.80.1.2"),
    asInstance,
  ],
  [
    "instance",
    "writes another's log stream",
    false,
    "logs:PutLogEvents",
    here("logs", "log-group:/runpool/example/instances:log-stream:i-0fedcba9876543210/10.80.1.3"),
    asInstance,
  ],
];

const fleet = here("ec2", "fleet/fleet-1");
const machine = here("ec2", "instance/*");
const launchTemplate = template["ec2:LaunchTemplate"];
/** A workflow that provisions and releases; a job of it may have taken its credentials. */
export const provision: readonly Row[] = [
  ["provision", "moves a record", true, "dynamodb:UpdateItem", table, { "dynamodb:LeadingKeys": [own] }],
  [
    "provision",
    "reserves a counter",
    true,
    "dynamodb:UpdateItem",
    table,
    { "dynamodb:LeadingKeys": ["counter#environment"] },
  ],
  [
    "provision",
    "changes the configuration",
    false,
    "dynamodb:UpdateItem",
    table,
    { "dynamodb:LeadingKeys": ["configuration#overlay"] },
  ],
  ["provision", "looks into an index", true, "dynamodb:Query", `${table}/index/by-run`],
  [
    "provision",
    "looks at another environment's table",
    false,
    "dynamodb:Query",
    here("dynamodb", "table/runpool-prod/index/by-run"),
  ],
  ["provision", "takes from the pool", true, "sqs:ReceiveMessage", here("sqs", "runpool-example_large")],
  [
    "provision",
    "takes from another environment's pool",
    false,
    "sqs:ReceiveMessage",
    here("sqs", "runpool-prod_large"),
  ],
  ["provision", "empties a queue", false, "sqs:PurgeQueue", here("sqs", "runpool-example_large")],
  ["provision", "asks for a fleet with its tags", true, "ec2:CreateFleet", fleet, tagging("example")],
  ["provision", "asks for a fleet with another environment's tags", false, "ec2:CreateFleet", fleet, tagging("prod")],
  ["provision", "launches from its template", true, "ec2:RunInstances", launchTemplate, tagged("example")],
  ["provision", "launches from a foreign template", false, "ec2:RunInstances", launchTemplate, tagged("prod")],
  ["provision", "launches a tagged machine", true, "ec2:RunInstances", machine, { ...tagging("example"), ...template }],
  ["provision", "launches without a template", false, "ec2:RunInstances", machine, tagging("example")],
  ["provision", "launches without tags", false, "ec2:RunInstances", machine, template],
  [
    "provision",
    "launches into its subnet",
    true,
    "ec2:RunInstances",
    here("ec2", "subnet/subnet-1"),
    tagged("example"),
  ],
  [
    "provision",
    "launches into a foreign subnet",
    false,
    "ec2:RunInstances",
    here("ec2", "subnet/subnet-2"),
    tagged("prod"),
  ],
  ["provision", "tags what it launches", true, "ec2:CreateTags", machine, { "ec2:CreateAction": "RunInstances" }],
  ["provision", "tags a foreign machine as its own", false, "ec2:CreateTags", other],
  ["provision", "ends its machine", true, "ec2:TerminateInstances", own, tagged("example")],
  ["provision", "ends a foreign machine", false, "ec2:TerminateInstances", other, tagged("prod")],
  ["provision", "ends an untagged machine", false, "ec2:TerminateInstances", other],
  [
    "provision",
    "ends a machine of the environment that is not the pool's",
    false,
    "ec2:TerminateInstances",
    other,
    tagged("example", "person"),
  ],
  [
    "provision",
    "gives machines their role",
    true,
    "iam:PassRole",
    role("runpool-example-instance"),
    passing("ec2.amazonaws.com"),
  ],
  [
    "provision",
    "gives machines an administrator's role",
    false,
    "iam:PassRole",
    role("admin"),
    passing("ec2.amazonaws.com"),
  ],
  [
    "provision",
    "gives the role to a lambda",
    false,
    "iam:PassRole",
    role("runpool-example-instance"),
    passing("lambda.amazonaws.com"),
  ],
  ["provision", "reads the AMI's id", true, "ssm:GetParameters", parameter("example/ami/x64")],
  ["provision", "changes the AMI's id", false, "ssm:PutParameter", parameter("example/ami/x64")],
  ["provision", "reads the App's key", false, "ssm:GetParameter", parameter("example/forge-credential")],
  [
    "provision",
    "reads a registration token",
    false,
    "ssm:GetParameter",
    parameter("example/registration/github_octo-org_docs"),
  ],
];

export const ownKey = here("kms", "key/11111111-2222-3333-4444-555555555555");
export const stateKey = "arn:aws:kms:eu-west-1:111122223333:key/99999999-2222-3333-4444-555555555555";
const through = (service: string, region = "eu-central-1") => ({
  "kms:ViaService": `${service}.${region}.amazonaws.com`,
});
const budget = (name: string) => `arn:aws:budgets::111122223333:budget/${name}`;
/** Of a deployment with an own key, a budget, and state under a key of its own. */
export const deploying: readonly Row[] = [
  ["deploy", "reads an item of a table under the own key", true, "kms:Decrypt", ownKey, through("dynamodb")],
  ["deploy", "makes a table under the own key", true, "kms:CreateGrant", ownKey, through("dynamodb")],
  ["deploy", "decrypts a secret by the own key", false, "kms:Decrypt", ownKey, through("ssm")],
  ["deploy", "reads its state under the state's key", true, "kms:Decrypt", stateKey, through("s3", "eu-west-1")],
  [
    "deploy",
    "writes its state under the state's key",
    true,
    "kms:GenerateDataKey",
    stateKey,
    through("s3", "eu-west-1"),
  ],
  ["deploy", "uses the state's key past S3", false, "kms:Decrypt", stateKey],
  ["deploy", "looks at its budget", true, "budgets:ViewBudget", budget("runpool-example")],
  ["deploy", "changes its budget", true, "budgets:ModifyBudget", budget("runpool-example")],
  ["deploy", "changes another's budget", false, "budgets:ModifyBudget", budget("runpool-prod")],
  // Without it SSM takes the parameter and never makes it: it looks for the AMI in the caller's name.
  ["deploy", "looks whether an AMI is there, whose id it writes", true, "ec2:DescribeImages", "*"],
];

export const others: readonly Row[] = [
  ["refresh", "reads the App's key", true, "ssm:GetParameter", parameter("example/forge-credential")],
  ["refresh", "changes the App's key", false, "ssm:PutParameter", parameter("example/forge-credential")],
  ["refresh", "renews a token", true, "ssm:PutParameter", parameter("example/registration/github_octo-org_docs")],
  [
    "refresh",
    "writes the overlay",
    true,
    "dynamodb:PutItem",
    table,
    { "dynamodb:LeadingKeys": ["configuration#overlay"] },
  ],
  ["refresh", "scans the table", true, "dynamodb:Scan", table],
  ["refresh", "ends a foreign machine", false, "ec2:TerminateInstances", other, tagged("prod")],
  ["operate", "looks at the table's recovery", true, "dynamodb:DescribeContinuousBackups", table],
  [
    "operate",
    "reads an instance's log",
    true,
    "logs:GetLogEvents",
    here("logs", "log-group:/runpool/example/instances:log-stream:i-0123456789abcdef0/10.80.1.2"),
  ],
  ["operate", "reads a foreign machine's console", false, "ec2:GetConsoleOutput", other, tagged("prod")],
  [
    "provision",
    "reads an instance's log",
    false,
    "logs:GetLogEvents",
    here("logs", "log-group:/runpool/example/instances:log-stream:i-0123456789abcdef0/10.80.1.2"),
  ],
  ["operate", "looks at vCPU quotas", true, "servicequotas:GetServiceQuota", "*"],
  [
    "operate",
    "looks at spot's role",
    true,
    "iam:GetRole",
    role("aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"),
  ],
  ["operate", "looks at another role", false, "iam:GetRole", role("admin")],
  ["operate", "ends a pause", true, "dynamodb:DeleteItem", table, { "dynamodb:LeadingKeys": ["configuration#pause"] }],
  [
    "operate",
    "deletes the configuration",
    false,
    "dynamodb:DeleteItem",
    table,
    { "dynamodb:LeadingKeys": ["configuration#defaults"] },
  ],
  ["operate", "deletes a record", false, "dynamodb:DeleteItem", table, { "dynamodb:LeadingKeys": [own] }],
  ["provision", "looks at vCPU quotas", false, "servicequotas:GetServiceQuota", "*"],
  [
    "provision",
    "ends a pause",
    false,
    "dynamodb:DeleteItem",
    table,
    { "dynamodb:LeadingKeys": ["configuration#pause"] },
  ],
  ["schedule", "calls refresh", true, "lambda:InvokeFunction", here("lambda", "function:runpool-example-refresh")],
  ["schedule", "calls another lambda", false, "lambda:InvokeFunction", here("lambda", "function:other")],
  ["deploy", "changes the table", true, "dynamodb:UpdateTable", table],
  [
    "deploy",
    "changes another environment's table",
    false,
    "dynamodb:UpdateTable",
    here("dynamodb", "table/runpool-prod"),
  ],
  ["deploy", "reads the App's key", false, "ssm:GetParameter", parameter("example/forge-credential")],
  ["deploy", "changes a role's policy", false, "iam:PutRolePolicy", role("runpool-example-deploy")],
  ["deploy", "makes a role", false, "iam:CreateRole", role("runpool-example-new")],
  [
    "deploy",
    "gives refresh its role",
    true,
    "iam:PassRole",
    role("runpool-example-refresh"),
    passing("lambda.amazonaws.com"),
  ],
  [
    "deploy",
    "gives itself to a lambda",
    false,
    "iam:PassRole",
    role("runpool-example-deploy"),
    passing("lambda.amazonaws.com"),
  ],
  [
    "deploy",
    "makes a template with the environment's tag",
    true,
    "ec2:CreateLaunchTemplate",
    launchTemplate,
    tagging("example"),
  ],
  ["deploy", "deletes another environment's VPC", false, "ec2:DeleteVpc", here("ec2", "vpc/vpc-1"), tagged("prod")],
  ["deploy", "keeps its state", true, "s3:PutObject", "arn:aws:s3:::octo-state/runpool/example-pool.tfstate"],
  [
    "deploy",
    "changes another environment's state",
    false,
    "s3:PutObject",
    "arn:aws:s3:::octo-state/runpool/prod-pool.tfstate",
  ],
];
