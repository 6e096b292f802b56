// Mistakes in the adapters: AWS, GitHub and the host.
import { of, type Mutation } from "../mutation.ts";

export const cloudMutations: readonly Mutation[] = [
  ...of("cloud/aws/instances.ts", [
    "a spoilt item stops refresh",
    'if (move === "create" || !(error',
    'if (move !== "create" || !(error',
    "cli/hostile-items",
  ]),
  ...of(
    "cloud/aws/launch-failures.ts",
    [
      "a launch code that nobody knows ends the provision at once",
      'kinds.get(code) ?? "unknown"',
      'kinds.get(code) ?? "refused"',
      "aws/fleet",
    ],
    [
      "a type that a zone does not have ends the provision",
      'if (saysNotThere.test(message)) return { kind: "no-capacity", reason };',
      "// of the whole request",
      "aws/fleet",
    ],
  ),
  ...of("cloud/aws/machines.ts", [
    "machines of another manager in the account are ended",
    "{ Name: `tag:${tags.manager}`, Values: [poolManager] },",
    '{ Name: "tag-key", Values: [tags.manager] },',
    "cli/hostile-items",
  ]),
  ...of("cloud/aws/move-all.ts", [
    "one spoilt item stops the moves of a batch",
    'if (Code === "ValidationError" && one !== undefined)',
    'if (Code === "Never" && one !== undefined)',
    "aws/move-all",
  ]),
  ...of("cloud/aws/saved-requests.ts", [
    "the second job of a run gets the answer of the first for ever",
    'SET #name = :value, ${lately.expression}${finished === undefined ? "" : " REMOVE #id, #begun"}',
    "SET #name = :value, ${lately.expression}",
    "contract/http-sim",
  ]),
  ...of(
    "cloud/github/forge-client.ts",
    [
      "a bare 403 rate limit is taken for a missing right",
      "return error.status === 429 || rateLimitWords.test(error.message) ? rateLimitWaitMs : undefined;",
      "return error.status === 429 ? rateLimitWaitMs : undefined;",
      "github/patience",
    ],
    [
      "GitHub's next API version changes the answers",
      "    Object.assign(options.headers, apiVersion);\n",
      "",
      "github/patience",
    ],
  ),
  ...of("cloud/host/registration-outcome.ts", [
    "a rate limit in other words is taken for a broken configuration",
    '["rate-limit", /http response code: toomanyrequests|rate limit|abuse detection mechanism/i],',
    '["rate-limit", /http response code: toomanyrequests/i],',
    "agent/told-apart",
  ]),
  ...of("cloud/host/unit-ground.ts", [
    "a job's 10 GB of log are read into the agent",
    'readEnds(join(root, "listener.log"), hostMaxima.logBytes)',
    'readText(join(root, "listener.log"))',
    "agent/hostile-files",
  ]),
];
