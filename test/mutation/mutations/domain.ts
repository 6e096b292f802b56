// Mistakes in the domain: the life of an instance, names and limits.
import { of, type Mutation } from "../mutation.ts";

export const domainMutations: readonly Mutation[] = [
  ...of(
    "domain/brake.ts",
    [
      "a machine that was never asked to serve counts as a failed start",
      'record.wanted === "serve" && !cameUp(record);',
      "!cameUp(record);",
      "control/brake",
    ],
    [
      "condemned machines hide a series of failed starts from the brake",
      "const signal = lastSignalOf(record);",
      "const { signal } = record;",
      "control/brake",
    ],
    [
      "a launch time ahead of the clock trips the brake for ever",
      "launchedAt <= now + limits.aheadMs",
      "launchedAt > 0",
      "control/brake",
    ],
  ),
  ...of("domain/configuration.ts", [
    "a job of another run gets onto a run's runner by the shared labels",
    "const shared = anyRunsJobs && request.label === undefined ? configured : [];",
    "const shared = anyRunsJobs ? configured : [];",
    "control/provision",
  ]),
  ...of(
    "domain/instance.ts",
    [
      "a hostile version number makes its machine impossible to condemn",
      "add: ends ? {} : { version: 1,",
      "add: { version: 1,",
      "aws/expression",
    ],
    ["a spoilt item cannot be condemned", "...(ends ? agentAttributes : [])", "", "control/hostile-agent"],
  ),
  ...of("domain/limits.ts", [
    "a boot is condemned before provisions have had time to find the machine",
    "foundMs: 7.5 * minute,",
    "foundMs: 5 * minute,",
    "domain/limits",
  ]),
  ...of(
    "domain/names.ts",
    [
      "two runs' words are labels of each other's runners",
      "...new Set([label, ...words.map((word) => `${label}-${word}`)]),",
      "...new Set([label, ...words]),",
      "control/provision",
    ],
    [
      "two accounts delete each other's runners",
      "`${environment}-${fingerprint(`${account}/${region}`).slice(0, 8)}-`;",
      "`${environment}-`;",
      "domain/names",
    ],
    [
      "one name in two accounts is one owner of runners",
      "fingerprint(`${account}/${region}`)",
      "fingerprint(region)",
      "control/two-accounts",
    ],
  ),
  ...of("domain/needs.ts", [
    "a threshold a year ahead is believed",
    "threshold <= now || threshold > furthest(now);",
    "threshold <= now;",
    "control/findings",
  ]),
  ...of(
    "domain/record.ts",
    [
      "an item that names another machine is believed",
      'typeof instanceId !== "string" || key.endsWith',
      'typeof instanceId === "string" || key.endsWith',
      "domain/record",
    ],
    [
      "a runner version of any kind and length is believed",
      'const runnerVersion = shaped(parts["runnerVersion"], /^v?\\d{1,9}(\\.\\d{1,9}){0,3}$/);',
      'const runnerVersion = parts["runnerVersion"] as string;',
      "domain/record",
    ],
    [
      "a heartbeat of next year is a sign of life",
      "return heartbeatAt > now + limits.aheadMs ? Number.POSITIVE_INFINITY : now - heartbeatAt;",
      "return now - heartbeatAt;",
      "domain/record",
    ],
  ),
];
