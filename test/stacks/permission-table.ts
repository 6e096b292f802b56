// Who may do what at AWS, and who may not: requests that the synthesized policies are evaluated against.
import type { Request } from "./evaluate-policy.ts";

const here = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
export const table = here("dynamodb", "table/runpool-example");
export const own = here("ec2", "instance/i-0123456789abcdef0");
export const other = here("ec2", "instance/i-0fedcba9876543210");
export const parameter = (name: string) => here("ssm", `parameter/runpool/${name}`);
const token = parameter("example/registration/github_octo-org_docs");
/** The instance's own. */
const stream = here("logs", "log-group:/runpool/example/instances:log-stream:i-0123456789abcdef0/10.80.1.2");
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
/** What EC2 says of a machine that is launched. */
const typed = (type: string) => ({ ...template, "ec2:InstanceType": type });
const image = (id: string) => `arn:aws:ec2:eu-central-1::image/${id}`;
const ownedBy = (owner: string) => ({ "ec2:Owner": owner });
const passing = (service: string) => ({ "iam:PassedToService": service });
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

/** A request, and what it is for. */
export type Asked = readonly [what: string, action: string, resource: string, context?: Request["context"]];

/** What a role may do, and what it may not. */
export interface Rights {
  readonly may?: readonly Asked[];
  readonly mayNot?: readonly Asked[];
}

const fleet = here("ec2", "fleet/fleet-1");
const machine = here("ec2", "instance/*");
const launchTemplate = template["ec2:LaunchTemplate"];

export const ownKey = here("kms", "key/11111111-2222-3333-4444-555555555555");
export const stateKey = "arn:aws:kms:eu-west-1:111122223333:key/99999999-2222-3333-4444-555555555555";
const through = (service: string, region = "eu-central-1") => ({
  "kms:ViaService": `${service}.${region}.amazonaws.com`,
});
const budget = (name: string) => `arn:aws:budgets::111122223333:budget/${name}`;

/** What an environment `example-b` or `example2` has: none of it is `example`'s to deploy. */
const neighbours: readonly Asked[] = (
  [
    ["lambda:UpdateFunctionCode", here("lambda", "function:runpool-example-b-refresh")],
    ["lambda:UpdateFunctionCode", here("lambda", "function:runpool-example-refresh-refresh")],
    ["sqs:DeleteQueue", here("sqs", "runpool-example-b_large")],
    ["sqs:DeleteQueue", here("sqs", "runpool-example-b-refresh-dead-letters")],
    ["scheduler:UpdateSchedule", here("scheduler", "schedule/default/runpool-example2-refresh")],
    ["scheduler:DeleteSchedule", here("scheduler", "schedule/default/runpool-example-b-refresh")],
    ["scheduler:DeleteSchedule", here("scheduler", "schedule/default/runpool-example-floors-b_floors-night")],
    ["logs:DeleteLogGroup", here("logs", "log-group:/aws/lambda/runpool-example-b-refresh")],
    ["sns:Subscribe", here("sns", "runpool-example-b-alarms")],
    ["cloudwatch:DeleteAlarms", here("cloudwatch", "alarm:runpool-example-b-refresh-failed")],
    ["iam:GetRolePolicy", role("runpool-example-b-refresh")],
    ["s3:GetObject", "arn:aws:s3:::octo-state/runpool/example-b-control.tfstate"],
    ["s3:PutObject", "arn:aws:s3:::octo-state/runpool/example-pool-pool.tfstate"],
    ["dynamodb:UpdateTable", here("dynamodb", "table/runpool-example-b")],
  ] as const
).map(([action, resource]) => [`${action} on its neighbour's ${resource}`, action, resource]);

export const rights: readonly (readonly [who: string, Rights])[] = [
  // A job may have taken it over.
  [
    "instance",
    {
      may: [
        ["reads its own item", "dynamodb:GetItem", table, item(own)],
        [
          "reads the pre-runner script of the overlay",
          "dynamodb:GetItem",
          table,
          item("configuration#overlay", "key", "preRunnerScript", "preRunnerScripts", "deployedBy", "schema"),
        ],
        [
          "writes its heartbeat",
          "dynamodb:UpdateItem",
          table,
          item(own, "key", "heartbeatAt", "busy", "vitals", "agentVersion", "retiredAt"),
        ],
        ["retires on a version", "dynamodb:UpdateItem", table, item(own, "key", "retiredAt", "version")],
        ["reads its partition's registration token", "ssm:GetParameter", token, asInstance],
        ["writes its own log stream", "logs:PutLogEvents", stream, asInstance],
      ],
      mayNot: [
        ["reads another's item", "dynamodb:GetItem", table, item(other)],
        ["reads the configuration", "dynamodb:GetItem", table, item("configuration#defaults")],
        [
          "reads more of the configuration than that",
          "dynamodb:GetItem",
          table,
          item("configuration#defaults", "key", "preRunnerScript", "forge"),
        ],
        [
          "writes the pre-runner script",
          "dynamodb:UpdateItem",
          table,
          item("configuration#overlay", "key", "preRunnerScript"),
        ],
        ["makes itself idle", "dynamodb:UpdateItem", table, item(own, "key", "state")],
        ["gives itself another run", "dynamodb:UpdateItem", table, item(own, "key", "runId", "owner")],
        ["moves its threshold", "dynamodb:UpdateItem", table, item(own, "key", "threshold")],
        ["writes another's heartbeat", "dynamodb:UpdateItem", table, item(other, "key", "heartbeatAt")],
        ["writes naming no attribute", "dynamodb:UpdateItem", table, item(own)],
        ["reads without naming a key", "dynamodb:GetItem", table, asInstance],
        ["reads from outside any instance", "dynamodb:GetItem", table, { "dynamodb:LeadingKeys": [own] }],
        ["deletes its item", "dynamodb:DeleteItem", table, item(own)],
        ["scans the table", "dynamodb:Scan", table, asInstance],
        ["looks into an index", "dynamodb:Query", `${table}/index/by-owner`, asInstance],
        [
          "reads another partition's token",
          "ssm:GetParameter",
          parameter("example/registration/github_octo-org_octo-repo"),
          asInstance,
        ],
        [
          "reads another environment's token",
          "ssm:GetParameter",
          parameter("prod/registration/github_octo-org_docs"),
          asInstance,
        ],
        ["reads the App's key", "ssm:GetParameter", parameter("example/forge-credential"), asInstance],
        ["ends another machine", "ec2:TerminateInstances", other, { ...asInstance, ...tagged("example") }],
        ["ends itself by EC2", "ec2:TerminateInstances", own, { ...asInstance, ...tagged("example") }],
        ["takes from the pool", "sqs:ReceiveMessage", here("sqs", "runpool-example_large"), asInstance],
        [
          "writes another's log stream",
          "logs:PutLogEvents",
          here("logs", "log-group:/runpool/example/instances:log-stream:i-0fedcba9876543210/10.80.1.3"),
          asInstance,
        ],
      ],
    },
  ],
  // A workflow that provisions and releases; a job of it may have taken its credentials.
  [
    "provision",
    {
      may: [
        ["moves a record", "dynamodb:UpdateItem", table, { "dynamodb:LeadingKeys": [own] }],
        ["reserves a counter", "dynamodb:UpdateItem", table, { "dynamodb:LeadingKeys": ["counter#environment"] }],
        ["looks into an index", "dynamodb:Query", `${table}/index/by-owner`],
        ["takes from the pool", "sqs:ReceiveMessage", here("sqs", "runpool-example_large")],
        ["asks for a fleet with its tags", "ec2:CreateFleet", fleet, tagging("example")],
        ["launches from its template", "ec2:RunInstances", launchTemplate, tagged("example")],
        ["launches a tagged machine", "ec2:RunInstances", machine, { ...tagging("example"), ...typed("m7i.large") }],
        ["launches Amazon's image", "ec2:RunInstances", image("ami-1"), ownedBy("amazon")],
        ["launches Canonical's image", "ec2:RunInstances", image("ami-1"), ownedBy("099720109477")],
        [
          "launches the environment's image",
          "ec2:RunInstances",
          image("ami-2"),
          { ...ownedBy("111122223333"), ...tagged("example") },
        ],
        ["makes a new interface", "ec2:RunInstances", here("ec2", "network-interface/*")],
        ["launches into its subnet", "ec2:RunInstances", here("ec2", "subnet/subnet-1"), tagged("example")],
        [
          "tags what it launches",
          "ec2:CreateTags",
          machine,
          { "ec2:CreateAction": "RunInstances", ...tagging("example") },
        ],
        ["ends its machine", "ec2:TerminateInstances", own, tagged("example")],
        [
          "gives machines their role",
          "iam:PassRole",
          role("runpool-example_instance-01234567"),
          passing("ec2.amazonaws.com"),
        ],
        ["reads the AMI's id", "ssm:GetParameters", parameter("example/ami/x64")],
      ],
      mayNot: [
        [
          "changes the configuration",
          "dynamodb:UpdateItem",
          table,
          { "dynamodb:LeadingKeys": ["configuration#overlay"] },
        ],
        [
          "looks at another environment's table",
          "dynamodb:Query",
          here("dynamodb", "table/runpool-prod/index/by-owner"),
        ],
        ["takes from another environment's pool", "sqs:ReceiveMessage", here("sqs", "runpool-prod_large")],
        ["empties a queue", "sqs:PurgeQueue", here("sqs", "runpool-example_large")],
        ["asks for a fleet with another environment's tags", "ec2:CreateFleet", fleet, tagging("prod")],
        ["launches from a foreign template", "ec2:RunInstances", launchTemplate, tagged("prod")],
        ["launches the image of a vendor", "ec2:RunInstances", image("ami-1"), ownedBy("aws-marketplace")],
        ["launches a stranger's image", "ec2:RunInstances", image("ami-1"), ownedBy("999999999999")],
        [
          "boots another team's private image of the account",
          "ec2:RunInstances",
          image("ami-0payrollgoldenimage"),
          ownedBy("111122223333"),
        ],
        [
          "boots another environment's image",
          "ec2:RunInstances",
          image("ami-3"),
          { ...ownedBy("111122223333"), ...tagged("prod") },
        ],
        [
          "attaches an interface that exists, with its address, VPC and groups",
          "ec2:RunInstances",
          here("ec2", "network-interface/eni-0foreignvpc"),
        ],
        ["launches from a snapshot", "ec2:RunInstances", "arn:aws:ec2:eu-central-1::snapshot/snap-1"],
        [
          "launches without a template",
          "ec2:RunInstances",
          machine,
          { ...tagging("example"), "ec2:InstanceType": "m7i.large" },
        ],
        ["launches without tags", "ec2:RunInstances", machine, typed("m7i.large")],
        ["launches into a foreign subnet", "ec2:RunInstances", here("ec2", "subnet/subnet-2"), tagged("prod")],
        [
          "tags what it launches as another environment's",
          "ec2:CreateTags",
          machine,
          { "ec2:CreateAction": "RunInstances", ...tagging("prod") },
        ],
        ["tags a foreign machine as its own", "ec2:CreateTags", other],
        ["ends a foreign machine", "ec2:TerminateInstances", other, tagged("prod")],
        ["ends an untagged machine", "ec2:TerminateInstances", other],
        [
          "ends a machine of the environment that is not the pool's",
          "ec2:TerminateInstances",
          other,
          tagged("example", "person"),
        ],
        [
          "gives machines the role of an environment whose name begins with this one's",
          "iam:PassRole",
          role("runpool-example-instances-b_instance"),
          passing("ec2.amazonaws.com"),
        ],
        ["gives machines an administrator's role", "iam:PassRole", role("admin"), passing("ec2.amazonaws.com")],
        [
          "gives the role to a lambda",
          "iam:PassRole",
          role("runpool-example_instance-01234567"),
          passing("lambda.amazonaws.com"),
        ],
        ["changes the AMI's id", "ssm:PutParameter", parameter("example/ami/x64")],
        ["reads the App's key", "ssm:GetParameter", parameter("example/forge-credential")],
        ["reads a registration token", "ssm:GetParameter", token],
        ["reads an instance's log", "logs:GetLogEvents", stream],
        ["looks at vCPU quotas", "servicequotas:GetServiceQuota", "*"],
        ["ends a pause", "dynamodb:DeleteItem", table, { "dynamodb:LeadingKeys": ["configuration#pause"] }],
        ...[
          "p5.48xlarge",
          "g5.xlarge",
          "trn1.32xlarge",
          "inf2.xlarge",
          "mac2.metal",
          "m7i.metal-24xl",
          "u7i-12tb.224xlarge",
        ].map((type): Asked => [
          `launches a ${type}, which no class comes to`,
          "ec2:RunInstances",
          machine,
          { ...tagging("example"), ...typed(type) },
        ]),
      ],
    },
  ],
  // With an own key, a budget, and state under a key of its own.
  [
    "deploy",
    {
      may: [
        ["reads an item of a table under the own key", "kms:Decrypt", ownKey, through("dynamodb")],
        ["makes a table under the own key", "kms:CreateGrant", ownKey, through("dynamodb")],
        ["reads its state under the state's key", "kms:Decrypt", stateKey, through("s3", "eu-west-1")],
        ["writes its state under the state's key", "kms:GenerateDataKey", stateKey, through("s3", "eu-west-1")],
        ["looks at its budget", "budgets:ViewBudget", budget("runpool-example")],
        ["changes its budget", "budgets:ModifyBudget", budget("runpool-example")],
        // Without it SSM takes the parameter and never makes it: it looks for the AMI in the caller's name.
        ["looks whether an AMI is there, whose id it writes", "ec2:DescribeImages", "*"],
        ["updates refresh's code", "lambda:UpdateFunctionCode", here("lambda", "function:runpool-example-refresh")],
        [
          "changes its schedule",
          "scheduler:UpdateSchedule",
          here("scheduler", "schedule/default/runpool-example-refresh"),
        ],
        ["writes the defaults", "dynamodb:PutItem", table, { "dynamodb:LeadingKeys": ["configuration#defaults"] }],
        ["changes the table", "dynamodb:UpdateTable", table],
        ["gives refresh its role", "iam:PassRole", role("runpool-example-refresh"), passing("lambda.amazonaws.com")],
        ["makes a template with the environment's tag", "ec2:CreateLaunchTemplate", launchTemplate, tagging("example")],
        ["keeps its state", "s3:PutObject", "arn:aws:s3:::octo-state/runpool/example-pool.tfstate"],
      ],
      mayNot: [
        ["decrypts a secret by the own key", "kms:Decrypt", ownKey, through("ssm")],
        ["uses the state's key past S3", "kms:Decrypt", stateKey],
        ["changes another's budget", "budgets:ModifyBudget", budget("runpool-prod")],
        ["reads a record", "dynamodb:GetItem", table, { "dynamodb:LeadingKeys": [own] }],
        ["writes a record", "dynamodb:UpdateItem", table, { "dynamodb:LeadingKeys": [own] }],
        ["writes the overlay", "dynamodb:PutItem", table, { "dynamodb:LeadingKeys": ["configuration#overlay"] }],
        ["changes another environment's table", "dynamodb:UpdateTable", here("dynamodb", "table/runpool-prod")],
        ["reads the App's key", "ssm:GetParameter", parameter("example/forge-credential")],
        ["changes a role's policy", "iam:PutRolePolicy", role("runpool-example-deploy")],
        ["makes a role", "iam:CreateRole", role("runpool-example-new")],
        ["gives itself to a lambda", "iam:PassRole", role("runpool-example-deploy"), passing("lambda.amazonaws.com")],
        ["deletes another environment's VPC", "ec2:DeleteVpc", here("ec2", "vpc/vpc-1"), tagged("prod")],
        ["changes another environment's state", "s3:PutObject", "arn:aws:s3:::octo-state/runpool/prod-pool.tfstate"],
        ...neighbours,
      ],
    },
  ],
  [
    "refresh",
    {
      may: [
        ["reads the App's key", "ssm:GetParameter", parameter("example/forge-credential")],
        ["renews a token", "ssm:PutParameter", token],
        ["writes the overlay", "dynamodb:PutItem", table, { "dynamodb:LeadingKeys": ["configuration#overlay"] }],
        ["scans the table", "dynamodb:Scan", table],
      ],
      mayNot: [
        ["changes the App's key", "ssm:PutParameter", parameter("example/forge-credential")],
        ["ends a foreign machine", "ec2:TerminateInstances", other, tagged("prod")],
      ],
    },
  ],
  [
    "operate",
    {
      may: [
        ["looks at the table's recovery", "dynamodb:DescribeContinuousBackups", table],
        ["reads an instance's log", "logs:GetLogEvents", stream],
        ["looks at vCPU quotas", "servicequotas:GetServiceQuota", "*"],
        ["looks at spot's role", "iam:GetRole", role("aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot")],
        ["ends a pause", "dynamodb:DeleteItem", table, { "dynamodb:LeadingKeys": ["configuration#pause"] }],
      ],
      mayNot: [
        ["reads a foreign machine's console", "ec2:GetConsoleOutput", other, tagged("prod")],
        ["looks at another role", "iam:GetRole", role("admin")],
        [
          "deletes the configuration",
          "dynamodb:DeleteItem",
          table,
          { "dynamodb:LeadingKeys": ["configuration#defaults"] },
        ],
        ["deletes a record", "dynamodb:DeleteItem", table, { "dynamodb:LeadingKeys": [own] }],
      ],
    },
  ],
  [
    "refresh-schedule",
    {
      may: [["calls refresh", "lambda:InvokeFunction", here("lambda", "function:runpool-example-refresh")]],
      mayNot: [["calls another lambda", "lambda:InvokeFunction", here("lambda", "function:other")]],
    },
  ],
];
