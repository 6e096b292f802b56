// What the image pipeline's role may do, and may not: as in permission-table.ts.
import type { Rights } from "./permission-table.ts";

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

export const images: readonly (readonly [who: string, Rights])[] = [
  [
    "images",
    {
      may: [
        ["makes the build's launch template", "ec2:CreateLaunchTemplate", template, making],
        ["takes the build's launch template away", "ec2:DeleteLaunchTemplate", template, build],
        ["launches a build", "ec2:RunInstances", machine, making],
        [
          "launches into a subnet of the environment",
          "ec2:RunInstances",
          here("ec2", "subnet/subnet-1"),
          { "aws:ResourceTag/runpool:environment": "example" },
        ],
        ["makes an image of the build", "ec2:CreateImage", machine, build],
        // What Packer's stepRunSpotInstance does beside launching.
        ["tags the build's interface as it launches", "ec2:CreateTags", here("ec2", "network-interface/*"), launching],
        ["tags the build's spot request", "ec2:CreateTags", here("ec2", "spot-instances-request/sir-1"), making],
        ["tags the build once it runs", "ec2:CreateTags", machine, { ...build, ...making }],
        ["gives the build its role", "iam:PassRole", role("runpool-example-image-build"), passing],
        ["reaches the build", "ssm:StartSession", machine, { "ssm:resourceTag/runpool:build": "example" }],
        ["prunes its image", "ec2:DeregisterImage", anybodys("image/ami-1"), build],
        ["tags an image as it makes it", "ec2:CreateTags", anybodys("image/ami-1"), atCreation],
        ["tags its image", "ec2:CreateTags", anybodys("image/ami-1"), { ...build, ...asOurs }],
        ["tags its snapshot", "ec2:CreateTags", anybodys("snapshot/snap-1"), { ...build, ...asOurs }],
        ["changes its image", "ec2:ModifyImageAttribute", anybodys("image/ami-1"), { ...build, ...owned }],
        ["publishes", "ssm:PutParameter", parameter("example/ami/x64")],
        ["sees what another environment uses", "ssm:GetParameterHistory", parameter("prod/ami/x64")],
        ["provisions the test's instance", "ec2:RunInstances", template, pools],
      ],
      mayNot: [
        ["makes a launch template of no build", "ec2:CreateLaunchTemplate", template],
        ["takes the pool's launch template away", "ec2:DeleteLaunchTemplate", template, pools],
        ["launches what is tagged as nothing", "ec2:RunInstances", machine],
        ["launches what another environment takes for its own", "ec2:RunInstances", machine, disguised("prod")],
        ["launches a build as a machine of the pool", "ec2:RunInstances", machine, disguised("example")],
        ["makes another environment's template", "ec2:CreateLaunchTemplate", template, disguised("prod")],
        [
          "tags a machine as another environment's as it is made",
          "ec2:CreateTags",
          machine,
          { "ec2:CreateAction": "RunInstances", ...disguised("prod") },
        ],
        ["launches into any other subnet", "ec2:RunInstances", here("ec2", "subnet/subnet-2")],
        ["attaches an interface that exists", "ec2:RunInstances", here("ec2", "network-interface/eni-0foreignvpc")],
        ["makes an image of a runner", "ec2:CreateImage", machine, pools],
        ["changes a runner's user data", "ec2:ModifyInstanceAttribute", machine, pools],
        [
          "opens the runners' security group",
          "ec2:AuthorizeSecurityGroupIngress",
          here("ec2", "security-group/sg-1"),
          pools,
        ],
        ["tags a spot request as no build", "ec2:CreateTags", here("ec2", "spot-instances-request/sir-1"), asOurs],
        ["makes a runner its build", "ec2:CreateTags", machine, { ...pools, ...making }],
        ["makes a stranger's machine its build", "ec2:CreateTags", machine, making],
        ["gives the build an administrator's role", "iam:PassRole", role("admin"), passing],
        ["makes a role", "iam:CreateRole", role("packer-1")],
        ["changes a role", "iam:PutRolePolicy", role("runpool-example-image-build")],
        ["reaches a runner", "ssm:StartSession", machine, { "ssm:resourceTag/runpool:manager": "pool" }],
        ["prunes another's image", "ec2:DeregisterImage", anybodys("image/ami-2"), prods],
        ["deletes an untagged snapshot", "ec2:DeleteSnapshot", anybodys("snapshot/snap-1")],
        ["makes a stranger's snapshot its own, to delete it", "ec2:CreateTags", anybodys("snapshot/snap-2"), asOurs],
        [
          "makes another's image its own, to prune it",
          "ec2:CreateTags",
          anybodys("image/ami-2"),
          { ...asOurs, ...prods },
        ],
        ["gives an image of the account away", "ec2:ModifyImageAttribute", anybodys("image/ami-2"), owned],
        ["publishes in another environment", "ssm:PutParameter", parameter("prod/ami/x64")],
        ["reads the App's key", "ssm:GetParameter", parameter("example/forge-credential")],
        ["reads everything below a path", "ssm:GetParametersByPath", here("ssm", "parameter/runpool")],
        ["reads a registration token", "ssm:GetParameter", parameter("example/registration/github_octo-org_docs")],
        ["takes from the pool", "sqs:ReceiveMessage", here("sqs", "runpool-example_large")],
      ],
    },
  ],
  [
    "image-build",
    {
      may: [["opens its session's channel", "ssmmessages:OpenDataChannel", "*", { "ec2:SourceInstanceARN": machine }]],
      mayNot: [
        ["reads a parameter", "ssm:GetParameter", parameter("example/ami/x64"), { "ec2:SourceInstanceARN": machine }],
      ],
    },
  ],
];
