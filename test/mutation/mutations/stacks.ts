// Mistakes in the stacks: trust, guards and what is deployed.
import { of, type Mutation } from "../mutation.ts";

export const stacksMutations: readonly Mutation[] = [
  ...of("stacks/constructs/alarms.ts", "stacks/parts", [
    "nobody is told that refresh has not come for a quarter of an hour",
    'treatMissingData: "breaching",',
    'treatMissingData: "notBreaching",',
  ]),
  ...of("stacks/constructs/alarms.ts", "stacks/shown-metrics", [
    "no alarm tells of the eleventh class's unreadable messages",
    "queues.slice(at * metricsAnAlarm, (at + 1) * metricsAnAlarm)",
    "queues.slice(0, metricsAnAlarm)",
  ]),
  ...of("stacks/environment/check-trust.ts", "stacks/trust-mistakes", [
    "`deployFrom` without numbers is deployed",
    '["deployFrom.repository", deployFrom?.repository,',
    '["deployFrom.repository", undefined,',
  ]),
  ...of(
    "stacks/policies/control-policy.ts",
    "stacks/permissions",
    [
      "a workflow may write the environment's configuration",
      'Null: { "dynamodb:LeadingKeys": "false" },',
      'Null: { "dynamodb:LeadingKeys": "true" },',
    ],
    [
      "a workflow's role writes every record and counter, and the configuration",
      '[arns.ec2("instance/*"), counterKey("*"), requestKey("*")]',
      '[arns.ec2("instance/*"), counterKey("*"), requestKey("*"), "*"]',
    ],
  ),
  ...of(
    "stacks/policies/fleet-policy.ts",
    "stacks/permissions",
    [
      "a workflow ends machines of other environments",
      "StringEquals: { [resourceTag(tags.environment)]: name, [resourceTag(tags.manager)]: poolManager },",
      "StringEquals: { [resourceTag(tags.manager)]: poolManager },",
    ],
    ["a workflow launches what it likes, without a template of ours", "        ...byTemplate(arns),\n", ""],
  ),
  ...of(
    "stacks/policies/instance-policy.ts",
    "stacks/permissions",
    [
      "a job reads the registration tokens of every partition",
      "Resource: arns.runnerTokensOf(partition) }",
      "Resource: arns.allRunnerTokens }",
    ],
    [
      "a job reads another machine's just-in-time configuration",
      "StringEquals: { [`aws:ResourceTag/${readerTag}`]: [ownArn] },",
      'StringLike: { [`aws:ResourceTag/${readerTag}`]: ["*"] },',
    ],
  ),
  ...of(
    "stacks/constructs/launch-templates.ts",
    "stacks/parts",
    [
      "a machine that shuts itself down is stopped, and its disk paid for",
      'instanceInitiatedShutdownBehavior: "terminate",',
      'instanceInitiatedShutdownBehavior: "stop",',
    ],
    ["a container of a job takes the instance's role", "httpPutResponseHopLimit: 1,", "httpPutResponseHopLimit: 2,"],
  ),
  ...of("stacks/constructs/pool-queues.ts", "stacks/parts", [
    "idle instances vanish from the pool before they end",
    "messageRetentionSeconds: limits.poolRetentionMs / second,",
    "messageRetentionSeconds: 60,",
  ]),
  ...of("stacks/constructs/pool-table.ts", "stacks/parts", [
    "old requests are never deleted",
    "ttl: { attributeName: table.ttl, enabled: true },",
    "ttl: { attributeName: table.key, enabled: true },",
  ]),
  ...of("stacks/lambdas.ts", "stacks/parts", [
    "two refreshes run at once",
    "const timeoutS = limits.refreshLimitMs / 1000;",
    "const timeoutS = 900;",
  ]),
  ...of("stacks/constructs/lambda.ts", "stacks/lambda", [
    "a message that is being handled is handed to another container",
    "=> 6 * timeoutS + windowS;",
    "=> timeoutS + windowS;",
  ]),
  ...of("stacks/constructs/lambda.ts", "stacks/parts", [
    "the floors of a schedule come an hour late in summer",
    "scheduleExpressionTimezone: timezone,",
    'scheduleExpressionTimezone: "UTC",',
  ]),
  ...of(
    "stacks/constructs/first-boot-files.ts",
    "stacks/first-boot-settings",
    [
      "tools that read https_proxy in lower case go past the proxy",
      "    ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name.toLowerCase(), value])),",
      "",
    ],
    ["dockerd pulls past the proxy", '  "docker.service",', ""],
  ),
  ...of(
    "stacks/policies/github-trust.ts",
    "stacks/github-trust",
    [
      "an owner or repository of a later, equal name deploys",
      "repo:${owner}@${ownerId}/${name}@${id}",
      "repo:${owner}@*/${name}@*",
    ],
    ["another repository of the owner takes the role by its subject", "claims: { repository: names },", "claims: {},"],
    ["another owner takes the role by its subject", "claims: { repository_owner_id: ownerIds },", "claims: {},"],
    ["refs that `provisionFrom` excludes take the role", "claims: { ...claims, ...within },", "claims,"],
    [
      "the pinned owner's number is not asked for",
      "claims: { ...pins, ...claims, ...within },",
      "claims: { ...claims, ...within },",
    ],
  ),
  ...of("stacks/constructs/network.ts", "stacks/changes", [
    "removing a zone moves the subnets of the others",
    "cidrBlock: partOf(network.cidr, placeOfZone(zone) + 8),",
    "cidrBlock: partOf(network.cidr, network.zones.indexOf(zone) + 8),",
  ]),
  ...of(
    "stacks/pool-stack.ts",
    "stacks/removal-guard",
    [
      "a removed launch template is deleted before what uses it has moved",
      "found.lifecycle = { createBeforeDestroy: true };",
      "",
    ],
    ["what is removed goes before the guard has looked", "dependsOn: [guard, ...parts],", "dependsOn: [guard],"],
    [
      "a change of a part is made before the guard has looked",
      "found.dependsOn = [...(found.dependsOn ?? []), dependable(guard)];",
      "",
    ],
  ),
];
