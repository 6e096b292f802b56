// Mistakes in the domain: the life of an instance, names and limits.
import { of, type Mutation } from "../mutation.ts";

export const domainMutations: readonly Mutation[] = [
  ...of(
    "domain/brake.ts",
    [
      "one machine that came up does not release the brake",
      "lostOnItsWay(record) && record.launchedAt > last",
      "lostOnItsWay(record) && last >= 0",
      "control/brake",
    ],
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
      "an instance that has been claimed since it was judged silent is condemned",
      'condemn(["idle"], ["heartbeat over a minute old", "assignment as judged"])',
      'condemn(["idle"], ["heartbeat over a minute old"])',
      "domain/life",
    ],
    [
      "a machine that serves for ever: uses are not counted",
      "takes ? { assignment: 1, uses: 1 } : {}",
      "takes ? { assignment: 1 } : {}",
      "domain/life",
    ],
    [
      "the table keeps every record for ever",
      "Math.ceil(given.threshold / 1000)",
      "Math.ceil(given.threshold)",
      "control/adapters-only",
    ],
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
  ...of(
    "domain/needs.ts",
    [
      "a release that comes late ends what its instance does for the next owner",
      'and(compare("owner", "=", own.owner), compare("assignment", "=", own.assignment));',
      'compare("owner", "=", own.owner);',
      "domain/life",
    ],
    [
      "an instance whose heartbeat is from next year is claimed",
      'compare("heartbeatAt", "<=", params.now + limits.aheadMs),',
      'exists("heartbeatAt"),',
      "domain/life",
    ],
    [
      "a threshold a year ahead is believed",
      "threshold <= now || threshold > furthest(now);",
      "threshold <= now;",
      "control/findings",
    ],
  ),
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
  ...of("domain/agent-writes.ts", [
    "an instance ends itself though it was claimed since it looked",
    'condition: and(exists("key"), absent("retiredAt"), compare("version", "=", judged.version)),',
    'condition: and(exists("key"), absent("retiredAt")),',
    "domain/agent-writes",
  ]),
  ...of("domain/request.ts", [
    "a run asks for another run's label and is given its jobs",
    "return /^\\d+(-|$)/.test(label)",
    "return /^\\d+$/.test(label)",
    "domain/request",
  ]),
  ...of("domain/demand.ts", [
    "a run is given machines with too little memory",
    'if (candidate.mmem < demand.minimum.mmem) return "memory";',
    "",
    "domain/request",
  ]),
  ...of("domain/owner.ts", [
    "a release of a second attempt leaves the first one's machines",
    "run.attempt <= attempt;",
    "run.attempt === attempt;",
    "domain/owner",
  ]),
  ...of("domain/batches.ts", [
    "the last part of a list is dropped: machines are not ended, messages not sent",
    "Math.ceil(list.length / size)",
    "Math.floor(list.length / size)",
    "domain/batches",
  ]),
];
