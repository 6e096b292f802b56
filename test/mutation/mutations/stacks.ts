// Mistakes in the stacks: trust, guards and what is deployed.
import { of, type Mutation } from "../mutation.ts";

export const stacksMutations: readonly Mutation[] = [
  ...of(
    "stacks/constructs/alarms.ts",
    [
      "nobody is told that refresh has not come for a quarter of an hour",
      'treatMissingData: "breaching",',
      'treatMissingData: "notBreaching",',
      "stacks/parts",
    ],
    [
      "no alarm tells of the eleventh class's unreadable messages",
      "queues.slice(at * metricsAnAlarm, (at + 1) * metricsAnAlarm)",
      "queues.slice(0, metricsAnAlarm)",
      "stacks/shown-metrics",
    ],
  ),
  ...of("stacks/environment/check-trust.ts", [
    "`deployFrom` without numbers is deployed",
    '["deployFrom.repository", deployFrom?.repository,',
    '["deployFrom.repository", undefined,',
    "stacks/trust-mistakes",
  ]),
  ...of(
    "stacks/policies/control-policy.ts",
    [
      "a workflow may write the environment's configuration",
      'Null: { "dynamodb:LeadingKeys": "false" },',
      'Null: { "dynamodb:LeadingKeys": "true" },',
      "stacks/permissions",
    ],
    [
      "a workflow's role writes every record and counter, and the configuration",
      '[arns.ec2("instance/*"), counterKey("*"), requestKey("*")]',
      '[arns.ec2("instance/*"), counterKey("*"), requestKey("*"), "*"]',
      "stacks/permissions",
    ],
  ),
  ...of(
    "stacks/policies/fleet-policy.ts",
    [
      "a workflow ends machines of other environments",
      "StringEquals: { [resourceTag(tags.environment)]: name, [resourceTag(tags.manager)]: poolManager },",
      "StringEquals: { [resourceTag(tags.manager)]: poolManager },",
      "stacks/permissions",
    ],
    [
      "a workflow launches what it likes, without a template of ours",
      "        ...byTemplate(arns),\n",
      "",
      "stacks/permissions",
    ],
  ),
  ...of(
    "stacks/policies/instance-policy.ts",
    [
      "a job reads the registration tokens of every partition",
      "Resource: arns.runnerTokensOf(partition) }",
      "Resource: arns.allRunnerTokens }",
      "stacks/permissions",
    ],
    [
      "a job reads another machine's just-in-time configuration",
      "StringEquals: { [`aws:ResourceTag/${readerTag}`]: [ownArn] },",
      'StringLike: { [`aws:ResourceTag/${readerTag}`]: ["*"] },',
      "stacks/permissions",
    ],
  ),
  ...of(
    "stacks/constructs/launch-templates.ts",
    [
      "a machine that shuts itself down is stopped, and its disk paid for",
      'instanceInitiatedShutdownBehavior: "terminate",',
      'instanceInitiatedShutdownBehavior: "stop",',
      "stacks/parts",
    ],
    [
      "a container of a job takes the instance's role",
      "httpPutResponseHopLimit: 1,",
      "httpPutResponseHopLimit: 2,",
      "stacks/parts",
    ],
  ),
  ...of("stacks/constructs/pool-queues.ts", [
    "idle instances vanish from the pool before they end",
    "messageRetentionSeconds: limits.poolRetentionMs / second,",
    "messageRetentionSeconds: 60,",
    "stacks/parts",
  ]),
  ...of("stacks/constructs/pool-table.ts", [
    "old requests are never deleted",
    "ttl: { attributeName: table.ttl, enabled: true },",
    "ttl: { attributeName: table.key, enabled: true },",
    "stacks/parts",
  ]),
  ...of("stacks/lambdas.ts", [
    "two refreshes run at once",
    "const timeoutS = limits.refreshLimitMs / 1000;",
    "const timeoutS = 900;",
    "stacks/parts",
  ]),
  ...of(
    "stacks/constructs/lambda.ts",
    [
      "a message that is being handled is handed to another container",
      "=> 6 * timeoutS + windowS;",
      "=> timeoutS + windowS;",
      "stacks/lambda",
    ],
    [
      "the floors of a schedule come an hour late in summer",
      "scheduleExpressionTimezone: timezone,",
      'scheduleExpressionTimezone: "UTC",',
      "stacks/parts",
    ],
  ),
  ...of(
    "stacks/constructs/first-boot-files.ts",
    [
      "tools that read https_proxy in lower case go past the proxy",
      "    ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name.toLowerCase(), value])),",
      "",
      "stacks/first-boot-settings",
    ],
    ["dockerd pulls past the proxy", '  "docker.service",', "", "stacks/first-boot-settings"],
  ),
  ...of(
    "stacks/policies/github-trust.ts",
    [
      "an owner or repository of a later, equal name deploys",
      "repo:${owner}@${ownerId}/${name}@${id}",
      "repo:${owner}@*/${name}@*",
      "stacks/github-trust",
    ],
    [
      "another repository of the owner takes the role by its subject",
      "claims: { repository: names },",
      "claims: {},",
      "stacks/github-trust",
    ],
    [
      "another owner takes the role by its subject",
      "claims: { repository_owner_id: ownerIds },",
      "claims: {},",
      "stacks/github-trust",
    ],
    [
      "refs that `provisionFrom` excludes take the role",
      "claims: { ...claims, ...within },",
      "claims,",
      "stacks/github-trust",
    ],
    [
      "the pinned owner's number is not asked for",
      "claims: { ...pins, ...claims, ...within },",
      "claims: { ...claims, ...within },",
      "stacks/github-trust",
    ],
  ),
  ...of("stacks/constructs/network.ts", [
    "removing a zone moves the subnets of the others",
    "cidrBlock: partOf(network.cidr, placeOfZone(zone) + 8),",
    "cidrBlock: partOf(network.cidr, network.zones.indexOf(zone) + 8),",
    "stacks/changes",
  ]),
  ...of(
    "stacks/pool-stack.ts",
    [
      "a removed launch template is deleted before what uses it has moved",
      "found.lifecycle = { createBeforeDestroy: true };",
      "",
      "stacks/removal-guard",
    ],
    [
      "what is removed goes before the guard has looked",
      "dependsOn: [guard, ...parts],",
      "dependsOn: [guard],",
      "stacks/removal-guard",
    ],
    [
      "a change of a part is made before the guard has looked",
      "found.dependsOn = [...(found.dependsOn ?? []), dependable(guard)];",
      "",
      "stacks/removal-guard",
    ],
  ),
];
