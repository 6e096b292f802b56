// Who may do what with just-in-time configurations in SSM: an instance reads the one that is tagged for it.
import { asInstance, other, own, parameter, type Row } from "./permission-table.ts";

/** The just-in-time configuration of an instance's first assignment. */
const configurationOf = (instanceId: string) => parameter(`example/jit/${instanceId}/1`);
const forReader = (arn: string) => ({ "aws:ResourceTag/runpool:instance": arn });

export const configurations: readonly Row[] = [
  [
    "instance",
    "reads the just-in-time configuration that is tagged for it",
    true,
    "ssm:GetParameter",
    configurationOf("i-0123456789abcdef0"),
    { ...asInstance, ...forReader(own) },
  ],
  [
    "instance",
    "reads one that is tagged for another",
    false,
    "ssm:GetParameter",
    configurationOf("i-0fedcba9876543210"),
    { ...asInstance, ...forReader(other) },
  ],
  [
    "instance",
    "reads one under its own name that is tagged for another",
    false,
    "ssm:GetParameter",
    configurationOf("i-0123456789abcdef0"),
    { ...asInstance, ...forReader(other) },
  ],
  [
    "instance",
    "reads one without a tag, or where there is none",
    false,
    "ssm:GetParameter",
    configurationOf("i-0123456789abcdef0"),
    asInstance,
  ],
  [
    "instance",
    "reads its own from outside any instance",
    false,
    "ssm:GetParameter",
    configurationOf("i-0123456789abcdef0"),
    forReader(own),
  ],
  [
    "instance",
    "reads one that is tagged for it elsewhere than among them",
    false,
    "ssm:GetParameter",
    parameter("example/forge-credential"),
    { ...asInstance, ...forReader(own) },
  ],
  [
    "instance",
    "reads another environment's that is tagged for it",
    false,
    "ssm:GetParameter",
    parameter("prod/jit/i-0123456789abcdef0/1"),
    { ...asInstance, ...forReader(own) },
  ],
  ...(["ssm:AddTagsToResource", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:GetParametersByPath"] as const).map(
    (action): Row => [
      "instance",
      `has no other right to its own configuration: ${action}`,
      false,
      action,
      configurationOf("i-0123456789abcdef0"),
      { ...asInstance, ...forReader(own) },
    ],
  ),
  ["refresh", "lists the just-in-time configurations", true, "ssm:GetParametersByPath", parameter("example/jit")],
  ["refresh", "lists all that the environment keeps in SSM", false, "ssm:GetParametersByPath", parameter("example")],
  [
    "refresh",
    "deletes a just-in-time configuration",
    true,
    "ssm:DeleteParameters",
    configurationOf("i-0123456789abcdef0"),
  ],
  ["refresh", "deletes the App's key", false, "ssm:DeleteParameters", parameter("example/forge-credential")],
  ["refresh", "reads a just-in-time configuration", false, "ssm:GetParameter", configurationOf("i-0123456789abcdef0")],
  [
    "provision",
    "reads a just-in-time configuration",
    false,
    "ssm:GetParameter",
    configurationOf("i-0123456789abcdef0"),
  ],
];
