// Mistakes in the adapters: AWS, GitHub and the host.
import { of, type Mutation } from "../mutation.ts";

export const cloudMutations: readonly Mutation[] = [
  ...of("cloud/aws/all-pages.ts", "aws/pages", [
    "a run of many instances is released in part",
    "for await (const page of pages) items.push(...itemsOf(page));",
    "for await (const page of pages) return itemsOf(page);",
  ]),
  ...of("cloud/aws/client-options.ts", "aws/odd-answers", [
    "a service that never answers hangs a provision to its end",
    "throwOnRequestTimeout: true,",
    "throwOnRequestTimeout: false,",
  ]),
  ...of("cloud/aws/clock.ts", "aws/clock", [
    "a host that is a whole second ahead is never corrected",
    "else if (offset >= beyond) offset =",
    "else if (offset > beyond) offset =",
  ]),
  ...of(
    "cloud/aws/configuration-items.ts",
    "aws/settings",
    [
      "what an operator takes out of the overlay stays in force",
      "const remove = Object.keys(before).filter((name) => !Object.hasOwn(next, name));",
      "const remove: string[] = [];",
    ],
    [
      "runs without a label of their own are never served: the field is not read",
      "  anyRunsJobs: z.exactOptional(z.boolean()),\n",
      "",
    ],
    ["instances live past the age that the environment's file allows", "    maxAgeMs: z.number(),\n", ""],
    [
      "a pause that was written by hand without a reason pauses nothing",
      "pause && (pause.success ? pause.data : {",
      "pause?.success && (pause.success ? pause.data : {",
    ],
  ),
  ...of("cloud/aws/configuration-items.ts", "cli/version-skew", [
    "an older runpool reads what a newer one has deployed, and misreads it",
    "  if (skew !== undefined) return { skew };\n",
    "",
  ]),
  ...of(
    "cloud/aws/counters.ts",
    "aws/counters",
    [
      "two provisions at one moment: the later one fails",
      "if (!codes.some((code) => passing.has(code)))",
      "if (!codes.every((code) => passing.has(code)))",
    ],
    ["a provision fails while the table's throughput is used up", '  "ProvisionedThroughputExceeded",\n', ""],
    [
      "the fleet outgrows its maximum by a whole provision",
      '":most": { N: String(maximum - count) }',
      '":most": { N: String(maximum) }',
    ],
    ["the last places of a scope are never given back", '"#count >= :count", -count)', '"#count > :count", -count)'],
  ),
  ...of("cloud/aws/counters.ts", "aws/forged-words", [
    "a counter that somebody has spoilt promises room",
    "wholeOf(count) ?? Number.MAX_SAFE_INTEGER",
    "wholeOf(count) ?? 0",
  ]),
  ...of("cloud/aws/expression.ts", "aws/expression", [
    "the pool index does not follow an instance's state",
    'if (set["state"] !== undefined) set[poolAttribute]',
    'if (set["state"] === undefined) set[poolAttribute]',
  ]),
  ...of("cloud/aws/expression.ts", "contract/http-sim", [
    "a lost claim does not say who won",
    '    ReturnValuesOnConditionCheckFailure: "ALL_OLD",\n',
    "",
  ]),
  ...of("cloud/aws/fleet-request.ts", "aws/fleet", [
    "machines launch without tags, and nobody's sweep finds them",
    '      { ResourceType: "instance", Tags: tags },\n',
    "",
  ]),
  ...of(
    "cloud/aws/fleet-request.ts",
    "aws/odd-answers",
    [
      "on-demand machines cost six times the cheapest",
      "const onDemandPriceOverLowestPercent = 50;",
      "const onDemandPriceOverLowestPercent = 500;",
    ],
    [
      "no on-demand machine where the cheapest family is used up: the price is measured as spot's",
      ": { OnDemandMaxPricePercentageOverLowestPrice: onDemandPriceOverLowestPercent }",
      ": { SpotMaxPricePercentageOverLowestPrice: spotPriceOverLowestPercent }",
    ],
  ),
  ...of(
    "cloud/aws/imds-metadata.ts",
    "aws/imds-metadata",
    ["a rebalance notice has no moment", 'momentOf(notice, "noticeTime")', 'momentOf(notice, "time")'],
    [
      "a metadata service that stumbles is asked for ever",
      "if (status !== 401 || tries > 1)",
      "if (status !== 401 && tries > 1)",
    ],
  ),
  ...of("cloud/aws/image-users.ts", "aws/image-ends", [
    "an image is deleted under a stopped machine",
    '["pending", "running", "shutting-down", "stopping", "stopped"]',
    '["pending", "running"]',
  ]),
  ...of("cloud/aws/image-users.ts", "ami/prune", [
    "an image that a template names by its parameter is deleted",
    'if (!named.startsWith("resolve:ssm:"))',
    'if (named.startsWith("resolve:ssm:"))',
  ]),
  ...of("cloud/aws/image-parameters.ts", "aws/pages", [
    "a parameter takes the id of an image that is not there, and nothing launches",
    '      DataType: "aws:ec2:image",\n',
    "",
  ]),
  ...of(
    "cloud/aws/images.ts",
    "aws/image-ends",
    ["an image that could not be removed loses its disks", "      if (problems.length > 0) return problems;\n", ""],
    [
      "the size of another disk is taken for the root's",
      "DeviceName === RootDeviceName)?.Ebs",
      "DeviceName !== RootDeviceName)?.Ebs",
    ],
  ),
  ...of("cloud/aws/images.ts", "aws/pages", [
    "the disk of an image that has lost its tags is deleted",
    "(await find(client, []))",
    "(await find(client, filters))",
  ]),
  ...of("cloud/aws/instance-logs.ts", "aws/pages", [
    "the log of an instance shows what another one has forged",
    "(a.creationTime ?? 0) - (b.creationTime ?? 0)",
    "(b.creationTime ?? 0) - (a.creationTime ?? 0)",
  ]),
  ...of("cloud/aws/instance-logs.ts", "aws/odd-answers", [
    "the console of a machine that is not built on Nitro cannot be read",
    'if (asSdkError(error).name !== "UnsupportedOperation") throw error;',
    "throw error;",
  ]),
  ...of("cloud/aws/instance-role.ts", "aws/instance-role", [
    "the doctor takes a denied key for an unclear answer",
    ', "KMSAccessDeniedException"]);',
    "]);",
  ]),
  ...of("cloud/aws/instances.ts", "cli/hostile-items", [
    "a spoilt item stops refresh",
    'if (move === "create" || !(error',
    'if (move !== "create" || !(error',
  ]),
  ...of(
    "cloud/aws/instances.ts",
    "aws/instances",
    [
      "records that DynamoDB did not come to are missing",
      "if (left?.Keys === undefined || left.Keys.length === 0) return items;",
      "if (left?.Keys !== undefined || items.length > 0) return items;",
    ],
    [
      "the configuration's items are reported as damaged instances",
      'isInstanceKey(item[table.key]?.S ?? "") ?',
      '(item[table.key]?.S ?? "") !== "" ?',
    ],
  ),
  ...of("cloud/aws/instances.ts", "contract/http-sim", [
    "dying machines are offered for a claim, fresh ones are not",
    "AND #range > :after",
    "AND #range < :after",
  ]),
  ...of("cloud/aws/launch.ts", "aws/pages", [
    "a second round knows only the types of the first page",
    'NextToken = reply.NextToken === "" ? undefined : reply.NextToken;',
    "NextToken = undefined;",
  ]),
  ...of(
    "cloud/aws/launch.ts",
    "aws/odd-answers",
    [
      "capacity pools that were never tried are avoided",
      'const tried = failure.kind === "no-capacity" && ErrorCode !== untried;',
      'const tried = failure.kind === "no-capacity";',
    ],
    [
      "a server error that says that there is no capacity ends the provision as unknown",
      'if (trouble === "unclear" && failure.kind !== "no-capacity" && failure.kind !== "quota")',
      'if (trouble === "unclear")',
    ],
  ),
  ...of("cloud/aws/launch.ts", "contract/http-sim", [
    "a spot machine on the on-demand rung is told, and billed, as spot",
    'usageClass: Lifecycle === "spot" ? "spot" : Lifecycle === "on-demand" ? "on-demand" : request.usageClass,',
    'usageClass: "spot",',
  ]),
  ...of(
    "cloud/aws/launch-failures.ts",
    "aws/fleet",
    [
      "a launch code that nobody knows ends the provision at once",
      'kinds.get(code) ?? "unknown"',
      'kinds.get(code) ?? "refused"',
    ],
    [
      "a type that a zone does not have ends the provision",
      'if (saysNotThere.test(message)) return { code, kind: "no-capacity", reason };',
      "// of the whole request",
    ],
    ["one full subnet ends a provision", '    "InsufficientFreeAddressesInSubnet",\n', ""],
  ),
  ...of("cloud/aws/launch-failures.ts", "aws/odd-answers", [
    "the same reason is told once for all capacity pools, and the others are tried again",
    '${pool === undefined ? "" : `${pool.instanceType} ${pool.zone}`}',
    '${pool === undefined ? "" : ""}',
  ]),
  ...of("cloud/aws/may-fit.ts", "aws/instances", [
    "a request for many instance types is refused by DynamoDB",
    'if (types === "" || types.length > mostCharacters)',
    'if (types === "")',
  ]),
  ...of("cloud/aws/machines.ts", "cli/hostile-items", [
    "machines of another manager in the account are ended",
    "{ Name: `tag:${tags.manager}`, Values: [poolManager] },",
    '{ Name: "tag-key", Values: [tags.manager] },',
  ]),
  ...of(
    "cloud/aws/machines.ts",
    "aws/odd-answers",
    [
      "a stopped machine of ours is never seen, and paid for",
      '"shutting-down", "stopping", "stopped"] }',
      '"shutting-down"] }',
    ],
    [
      "machines that EC2 had no time to end are told as ended",
      'if (troubleOf(error) !== "refused") return ids.map((id) => [id, problemOf(error)]);',
      'if (troubleOf(error) !== "refused") return [];',
    ],
    [
      "one protected machine keeps a hundred others alive",
      "return (await Promise.all(ids.map((id) => terminateSome(tools, [id])))).flat();",
      "return ids.map((id) => [id, problemOf(error)]);",
    ],
  ),
  ...of("cloud/aws/move-all.ts", "aws/move-all", [
    "one spoilt item stops the moves of a batch",
    'if (Code === "ValidationError" && one !== undefined)',
    'if (Code === "Never" && one !== undefined)',
  ]),
  ...of("cloud/aws/own-instance.ts", "contract/http-sim", [
    "an agent takes an older report for the one that was refused, and does not send it again",
    " && found.assignment === report.assignment && found.at === report.at",
    " && found.assignment === report.assignment",
  ]),
  ...of("cloud/aws/pool.ts", "aws/lost-replies", [
    "messages that were certainly not sent are forgotten",
    'if (troubleOf(error) === "throttled") return batch;',
    'if (troubleOf(error) === "throttled") return [];',
  ]),
  ...of("cloud/aws/pool.ts", "aws/odd-answers", [
    "a message that is too long to be set aside stops every provision of its class",
    "MessageBody: body.slice(0, bodyKept).toWellFormed(),",
    "MessageBody: body,",
  ]),
  ...of("cloud/aws/pool.ts", "contract/http-sim", [
    "idle instances that a request does not fit stay hidden for a lease",
    "({ ...entry, VisibilityTimeout: 0 })",
    "({ ...entry, VisibilityTimeout: 30 })",
  ]),
  ...of("cloud/aws/pre-runner-script.ts", "aws/settings", [
    "instances boot with the deployed script though an operator has laid another over it",
    'return overlay?.["preRunnerScript"]?.S ?? deployed?.S ?? "";',
    'return deployed?.S ?? overlay?.["preRunnerScript"]?.S ?? "";',
  ]),
  ...of(
    "cloud/aws/saved-requests.ts",
    "contract/http-sim",
    [
      "the second job of a run gets the answer of the first for ever",
      'SET #name = :value, ${lately.expression}${finished === undefined ? "" : " REMOVE #id, #begun"}',
      "SET #name = :value, ${lately.expression}",
    ],
    [
      "two provisions of one name run at once, and buy twice",
      "NOT #begun BETWEEN :since AND :ahead OR #id = :id",
      "#begun > :since OR #id = :id",
    ],
  ),
  ...of(
    "cloud/aws/saved-requests.ts",
    "aws/odd-answers",
    [
      "the table grows for ever",
      "Math.ceil((at + limits.requestKeptMs) / 1000)",
      "Math.ceil(at + limits.requestKeptMs)",
    ],
    [
      "jobs that wait are looked for in the oldest repositories alone",
      "ScanIndexForward: false,",
      "ScanIndexForward: true,",
    ],
    [
      "a run that asked for nothing leaves an item without an end",
      'ConditionExpression: "attribute_exists(#key)",',
      'ConditionExpression: "attribute_exists(#key) OR attribute_not_exists(#key)",',
    ],
  ),
  ...of(
    "cloud/aws/sdk-errors.ts",
    "aws/sdk-errors",
    ["a throttled table is told as a missing right", '  "ProvisionedThroughputExceededException",\n', ""],
    [
      "a dead network is told as a mistake in runpool itself",
      'if (status !== undefined || typeof code === "string") return "unclear";',
      'if (status !== undefined) return "unclear";',
    ],
  ),
  ...of("cloud/aws/secrets.ts", "aws/sdk-errors", [
    "a token that SSM refuses is quoted in the log",
    'throw new AwsRefused(`PutParameter ${name}`, code, "the value is not shown");',
    "throw new AwsRefused(`PutParameter ${name}`, code, asSdkError(error).message);",
  ]),
  ...of("cloud/github/doctor-forge.ts", "github/lists", [
    "the doctor fails on a server without the runner's repository",
    "    if (statusOf(error) === 404) return undefined;\n",
    "",
  ]),
  ...of(
    "cloud/github/forge-client.ts",
    "github/lists",
    [
      "a rate limit that ends in a moment ends the call",
      'Number(headers["x-ratelimit-reset"] ?? 0) * 1000 - now',
      'Number(headers["x-ratelimit-reset"] ?? 0) * 1000',
    ],
    ["an App that was installed late is never found, until the process ends", "      clients.delete(owner);\n", ""],
    [
      "the runners of an enterprise are looked for in an organisation of that name",
      "if (isEnterprise(scope)) return `/${scope}`;",
      "if (isEnterprise(scope)) return `/orgs/${scope}`;",
    ],
  ),
  ...of(
    "cloud/github/forge-client.ts",
    "github/patience",
    [
      "a bare 403 rate limit is taken for a missing right",
      "return error.status === 429 || rateLimitWords.test(error.message) ? rateLimitWaitMs : undefined;",
      "return error.status === 429 ? rateLimitWaitMs : undefined;",
    ],
    ["GitHub's next API version changes the answers", "    Object.assign(options.headers, apiVersion);\n", ""],
  ),
  ...of("cloud/github/inventory.ts", "contract/github", [
    "a runner whose job runs is told as removed, and its machine ended",
    'if (status === 422) return "busy";',
    'if (status === 422) return "removed";',
  ]),
  ...of(
    "cloud/github/inventory.ts",
    "github/lists",
    [
      "runners of another manager are deleted as ghosts",
      ".filter(({ name }) => name.startsWith(prefix))",
      ".filter(({ name }) => name.includes(prefix))",
    ],
    [
      "a server that cannot search by name says that a runner is gone",
      "if (found === undefined && total > runners.length)",
      "if (found === undefined && total < runners.length)",
    ],
  ),
  ...of(
    "cloud/github/job-queue.ts",
    "github/lists",
    [
      "a failed job that is run again waits for ever: its run is in progress",
      'const statuses = ["queued", "in_progress"] as const;',
      'const statuses = ["queued"] as const;',
    ],
    [
      "instances are bought for jobs that have ended",
      '.filter(({ status }) => status === "queued")',
      '.filter(({ status }) => status !== "in_progress")',
    ],
  ),
  ...of("cloud/github/runner-releases.ts", "github/lists", [
    "images are baked with a preview of the runner",
    "!draft && !prerelease && published_at !== null",
    "!draft && published_at !== null",
  ]),
  ...of("agent/runners/github/registration-outcome.ts", "agent/told-apart", [
    "a rate limit in other words is taken for a broken configuration",
    '["rate-limit", /http response code: toomanyrequests|rate limit|abuse detection mechanism/i],',
    '["rate-limit", /http response code: toomanyrequests/i],',
  ]),
  ...of("agent/hosts/place-files.ts", "agent/hostile-files", [
    "a job's 10 GB of log are read into the agent",
    "readEnds(files.log, hostMaxima.logBytes)",
    'readFile(files.log, "utf8")',
  ]),
];
