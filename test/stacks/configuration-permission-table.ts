// Who may do what with just-in-time configurations in SSM: an instance reads the one that is tagged for it.
import { asInstance, other, own, parameter, type Asked, type Rights } from "./permission-table.ts";

/** The just-in-time configuration of an instance's first assignment. */
const configurationOf = (instanceId: string) => parameter(`example/jit/${instanceId}/1`);
const its = configurationOf("i-0123456789abcdef0");
const forReader = (arn: string) => ({ "aws:ResourceTag/runpool:instance": arn });

export const configurations: readonly (readonly [who: string, Rights])[] = [
  [
    "instance",
    {
      may: [
        [
          "reads the just-in-time configuration that is tagged for it",
          "ssm:GetParameter",
          its,
          { ...asInstance, ...forReader(own) },
        ],
      ],
      mayNot: [
        [
          "reads one that is tagged for another",
          "ssm:GetParameter",
          configurationOf("i-0fedcba9876543210"),
          { ...asInstance, ...forReader(other) },
        ],
        [
          "reads one under its own name that is tagged for another",
          "ssm:GetParameter",
          its,
          { ...asInstance, ...forReader(other) },
        ],
        ["reads one without a tag, or where there is none", "ssm:GetParameter", its, asInstance],
        ["reads its own from outside any instance", "ssm:GetParameter", its, forReader(own)],
        [
          "reads one that is tagged for it elsewhere than among them",
          "ssm:GetParameter",
          parameter("example/forge-credential"),
          { ...asInstance, ...forReader(own) },
        ],
        [
          "reads another environment's that is tagged for it",
          "ssm:GetParameter",
          parameter("prod/jit/i-0123456789abcdef0/1"),
          { ...asInstance, ...forReader(own) },
        ],
        ...(
          ["ssm:AddTagsToResource", "ssm:PutParameter", "ssm:DeleteParameter", "ssm:GetParametersByPath"] as const
        ).map((action): Asked => [
          `has no other right to its own configuration: ${action}`,
          action,
          its,
          { ...asInstance, ...forReader(own) },
        ]),
      ],
    },
  ],
  [
    "refresh",
    {
      may: [
        ["lists the just-in-time configurations", "ssm:GetParametersByPath", parameter("example/jit")],
        ["deletes a just-in-time configuration", "ssm:DeleteParameters", its],
      ],
      mayNot: [
        ["lists all that the environment keeps in SSM", "ssm:GetParametersByPath", parameter("example")],
        ["deletes the App's key", "ssm:DeleteParameters", parameter("example/forge-credential")],
        ["reads a just-in-time configuration", "ssm:GetParameter", its],
      ],
    },
  ],
  [
    "provision",
    {
      mayNot: [["reads a just-in-time configuration", "ssm:GetParameter", its]],
    },
  ],
];
