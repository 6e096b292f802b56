// What the image pipeline's role may do, and may not: rows like those of permission-table.ts.
import type { Row } from "./permission-table.ts";

const here = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
const anybodys = (rest: string) => `arn:aws:ec2:eu-central-1::${rest}`;
const parameter = (name: string) => here("ssm", `parameter/runpool/${name}`);
const [machine, template] = [here("ec2", "instance/i-0123456789abcdef0"), here("ec2", "launch-template/lt-1")];
const build = { "aws:ResourceTag/runpool:build": "example", "aws:ResourceTag/runpool:environment": "example" };
const making = {
  "aws:RequestTag/runpool:build": "example",
  "aws:RequestTag/runpool:environment": "example",
  "aws:TagKeys": ["Name", "runpool:build", "runpool:environment"],
};
/** The same, and tags by which others know their machines. */
const disguised = (environment: string) => ({
  ...making,
  "aws:RequestTag/runpool:environment": environment,
  "aws:RequestTag/runpool:manager": "pool",
  "aws:TagKeys": [...making["aws:TagKeys"], "runpool:manager"],
});
/** As the pool's own resources are tagged. */
const pools = { "aws:ResourceTag/runpool:environment": "example", "aws:ResourceTag/runpool:manager": "pool" };
const prods = { "aws:ResourceTag/runpool:environment": "prod" };
const asOurs = { "aws:RequestTag/runpool:environment": "example" };
const atCreation = { "ec2:CreateAction": "CreateImage" };
const launching = { "ec2:CreateAction": "RunInstances", ...making };
const owned = { "ec2:Owner": "111122223333" };
const passing = { "iam:PassedToService": "ec2.amazonaws.com" };
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

export const images: readonly Row[] = [
  ["images", "makes the build's launch template", true, "ec2:CreateLaunchTemplate", template, making],
  ["images", "makes a launch template of no build", false, "ec2:CreateLaunchTemplate", template],
  ["images", "takes the build's launch template away", true, "ec2:DeleteLaunchTemplate", template, build],
  ["images", "takes the pool's launch template away", false, "ec2:DeleteLaunchTemplate", template, pools],
  ["images", "launches a build", true, "ec2:RunInstances", machine, making],
  ["images", "launches what is tagged as nothing", false, "ec2:RunInstances", machine],
  [
    "images",
    "launches what another environment takes for its own",
    false,
    "ec2:RunInstances",
    machine,
    disguised("prod"),
  ],
  ["images", "launches a build as a machine of the pool", false, "ec2:RunInstances", machine, disguised("example")],
  ["images", "makes another environment's template", false, "ec2:CreateLaunchTemplate", template, disguised("prod")],
  [
    "images",
    "tags a machine as another environment's as it is made",
    false,
    "ec2:CreateTags",
    machine,
    { "ec2:CreateAction": "RunInstances", ...disguised("prod") },
  ],
  [
    "images",
    "launches into a subnet of the environment",
    true,
    "ec2:RunInstances",
    here("ec2", "subnet/subnet-1"),
    { "aws:ResourceTag/runpool:environment": "example" },
  ],
  ["images", "launches into any other subnet", false, "ec2:RunInstances", here("ec2", "subnet/subnet-2")],
  [
    "images",
    "attaches an interface that exists",
    false,
    "ec2:RunInstances",
    here("ec2", "network-interface/eni-0foreignvpc"),
  ],
  ["images", "makes an image of the build", true, "ec2:CreateImage", machine, build],
  ["images", "makes an image of a runner", false, "ec2:CreateImage", machine, pools],
  ["images", "changes a runner's user data", false, "ec2:ModifyInstanceAttribute", machine, pools],
  [
    "images",
    "opens the runners' security group",
    false,
    "ec2:AuthorizeSecurityGroupIngress",
    here("ec2", "security-group/sg-1"),
    pools,
  ],
  // What Packer's stepRunSpotInstance does beside launching.
  [
    "images",
    "tags the build's interface as it launches",
    true,
    "ec2:CreateTags",
    here("ec2", "network-interface/*"),
    launching,
  ],
  [
    "images",
    "tags the build's spot request",
    true,
    "ec2:CreateTags",
    here("ec2", "spot-instances-request/sir-1"),
    making,
  ],
  [
    "images",
    "tags a spot request as no build",
    false,
    "ec2:CreateTags",
    here("ec2", "spot-instances-request/sir-1"),
    asOurs,
  ],
  ["images", "tags the build once it runs", true, "ec2:CreateTags", machine, { ...build, ...making }],
  ["images", "makes a runner its build", false, "ec2:CreateTags", machine, { ...pools, ...making }],
  ["images", "makes a stranger's machine its build", false, "ec2:CreateTags", machine, making],
  ["images", "gives the build its role", true, "iam:PassRole", role("runpool-example-image-build"), passing],
  ["images", "gives the build an administrator's role", false, "iam:PassRole", role("admin"), passing],
  ["images", "makes a role", false, "iam:CreateRole", role("packer-1")],
  ["images", "changes a role", false, "iam:PutRolePolicy", role("runpool-example-image-build")],
  ["images", "reaches the build", true, "ssm:StartSession", machine, { "ssm:resourceTag/runpool:build": "example" }],
  ["images", "reaches a runner", false, "ssm:StartSession", machine, { "ssm:resourceTag/runpool:manager": "pool" }],
  ["images", "prunes its image", true, "ec2:DeregisterImage", anybodys("image/ami-1"), build],
  ["images", "prunes another's image", false, "ec2:DeregisterImage", anybodys("image/ami-2"), prods],
  ["images", "deletes an untagged snapshot", false, "ec2:DeleteSnapshot", anybodys("snapshot/snap-1")],
  ["images", "tags an image as it makes it", true, "ec2:CreateTags", anybodys("image/ami-1"), atCreation],
  ["images", "tags its image", true, "ec2:CreateTags", anybodys("image/ami-1"), { ...build, ...asOurs }],
  ["images", "tags its snapshot", true, "ec2:CreateTags", anybodys("snapshot/snap-1"), { ...build, ...asOurs }],
  [
    "images",
    "makes a stranger's snapshot its own, to delete it",
    false,
    "ec2:CreateTags",
    anybodys("snapshot/snap-2"),
    asOurs,
  ],
  [
    "images",
    "makes another's image its own, to prune it",
    false,
    "ec2:CreateTags",
    anybodys("image/ami-2"),
    { ...asOurs, ...prods },
  ],
  ["images", "changes its image", true, "ec2:ModifyImageAttribute", anybodys("image/ami-1"), { ...build, ...owned }],
  ["images", "gives an image of the account away", false, "ec2:ModifyImageAttribute", anybodys("image/ami-2"), owned],
  ["images", "publishes", true, "ssm:PutParameter", parameter("example/ami/x64")],
  ["images", "publishes in another environment", false, "ssm:PutParameter", parameter("prod/ami/x64")],
  ["images", "sees what another environment uses", true, "ssm:GetParameterHistory", parameter("prod/ami/x64")],
  ["images", "reads the App's key", false, "ssm:GetParameter", parameter("example/forge-credential")],
  ["images", "reads everything below a path", false, "ssm:GetParametersByPath", here("ssm", "parameter/runpool")],
  [
    "images",
    "reads a registration token",
    false,
    "ssm:GetParameter",
    parameter("example/registration/github_octo-org_docs"),
  ],
  ["images", "provisions the test's instance", true, "ec2:RunInstances", template, pools],
  ["images", "takes from the pool", false, "sqs:ReceiveMessage", here("sqs", "runpool-example_large")],
  [
    "image-build",
    "opens its session's channel",
    true,
    "ssmmessages:OpenDataChannel",
    "*",
    { "ec2:SourceInstanceARN": machine },
  ],
  [
    "image-build",
    "reads a parameter",
    false,
    "ssm:GetParameter",
    parameter("example/ami/x64"),
    { "ec2:SourceInstanceARN": machine },
  ],
];
