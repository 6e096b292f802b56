// Mistakes in the domain: the life of an instance, names and limits.
import { of, type Mutation } from "../mutation.ts";

export const domainMutations: readonly Mutation[] = [
  ...of(
    "domain/brake.ts",
    "control/brake",
    [
      "one machine that came up does not release the brake",
      "lostOnItsWay(record) && record.launchedAt > last",
      "lostOnItsWay(record) && last >= 0",
    ],
    [
      "a machine that was never asked to serve counts as a failed start",
      'record.wanted === "serve" && !cameUp(record);',
      "!cameUp(record);",
    ],
    [
      "condemned machines hide a series of failed starts from the brake",
      "const signal = lastSignalOf(record);",
      "const { signal } = record;",
    ],
    [
      "a launch time ahead of the clock trips the brake for ever",
      "launchedAt <= now + limits.aheadMs",
      "launchedAt > 0",
    ],
  ),
  ...of("domain/configuration.ts", "control/provision", [
    "a job of another run gets onto a run's runner by the shared labels",
    "const shared = anyRunsJobs && request.label === undefined ? configured : [];",
    "const shared = anyRunsJobs ? configured : [];",
  ]),
  ...of(
    "domain/instance.ts",
    "domain/life",
    [
      "an instance that has been claimed since it was judged silent is condemned",
      'condemn(["idle"], ["heartbeat over a minute old", "assignment as judged"])',
      'condemn(["idle"], ["heartbeat over a minute old"])',
    ],
    [
      "a machine that serves for ever: uses are not counted",
      "takes ? { assignment: 1, uses: 1 } : {}",
      "takes ? { assignment: 1 } : {}",
    ],
  ),
  ...of("domain/instance.ts", "control/adapters-only", [
    "the table keeps every record for ever",
    "Math.ceil(given.threshold / 1000)",
    "Math.ceil(given.threshold)",
  ]),
  ...of("domain/instance.ts", "aws/expression", [
    "a hostile version number makes its machine impossible to condemn",
    "add: ends ? {} : { version: 1,",
    "add: { version: 1,",
  ]),
  ...of("domain/instance.ts", "control/hostile-agent", [
    "a spoilt item cannot be condemned",
    "...(ends ? agentAttributes : [])",
    "",
  ]),
  ...of("domain/limits.ts", "domain/limits", [
    "a boot is condemned before provisions have had time to find the machine",
    "foundMs: 7.5 * minute,",
    "foundMs: 5 * minute,",
  ]),
  ...of("domain/names.ts", "control/provision", [
    "two runs' words are labels of each other's runners",
    "...new Set([label, ...words.map((word) => `${label}-${word}`)]),",
    "...new Set([label, ...words]),",
  ]),
  ...of("domain/names.ts", "domain/names", [
    "two accounts delete each other's runners",
    "`${environment}-${fingerprint(`${account}/${region}`).slice(0, 8)}-`;",
    "`${environment}-`;",
  ]),
  ...of("domain/names.ts", "control/two-accounts", [
    "one name in two accounts is one owner of runners",
    "fingerprint(`${account}/${region}`)",
    "fingerprint(region)",
  ]),
  ...of(
    "domain/needs.ts",
    "domain/life",
    [
      "a release that comes late ends what its instance does for the next owner",
      'and(compare("owner", "=", own.owner), compare("assignment", "=", own.assignment));',
      'compare("owner", "=", own.owner);',
    ],
    [
      "an instance whose heartbeat is from next year is claimed",
      'compare("heartbeatAt", "<=", params.now + limits.aheadMs),',
      'exists("heartbeatAt"),',
    ],
  ),
  ...of("domain/needs.ts", "control/findings", [
    "a threshold a year ahead is believed",
    "threshold <= now || threshold > furthest(now);",
    "threshold <= now;",
  ]),
  ...of(
    "domain/record.ts",
    "domain/record",
    [
      "an item that names another machine is believed",
      'typeof instanceId !== "string" || key.endsWith',
      'typeof instanceId === "string" || key.endsWith',
    ],
    [
      "a runner version of any kind and length is believed",
      'const runnerVersion = shaped(parts["runnerVersion"], /^v?\\d{1,9}(\\.\\d{1,9}){0,3}$/);',
      'const runnerVersion = parts["runnerVersion"] as string;',
    ],
    [
      "a heartbeat of next year is a sign of life",
      "return heartbeatAt > now + limits.aheadMs ? Number.POSITIVE_INFINITY : now - heartbeatAt;",
      "return now - heartbeatAt;",
    ],
  ),
  ...of("domain/agent-writes.ts", "domain/agent-writes", [
    "an instance ends itself though it was claimed since it looked",
    'condition: and(exists("key"), absent("retiredAt"), compare("version", "=", judged.version)),',
    'condition: and(exists("key"), absent("retiredAt")),',
  ]),
  ...of("domain/request.ts", "domain/request", [
    "a run asks for another run's label and is given its jobs",
    "return /^\\d+(-|$)/.test(label)",
    "return /^\\d+$/.test(label)",
  ]),
  ...of("domain/demand.ts", "domain/request", [
    "a run is given machines with too little memory",
    'if (candidate.mmem < demand.minimum.mmem) return "memory";',
    "",
  ]),
  ...of("domain/owner.ts", "domain/owner", [
    "a release of a second attempt leaves the first one's machines",
    "run.attempt <= attempt;",
    "run.attempt === attempt;",
  ]),
  ...of("domain/batches.ts", "domain/batches", [
    "the last part of a list is dropped: machines are not ended, messages not sent",
    "Math.ceil(list.length / size)",
    "Math.floor(list.length / size)",
  ]),
];
