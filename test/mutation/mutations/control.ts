// Mistakes in the control plane.
import { of, type Mutation } from "../mutation.ts";

export const controlMutations: readonly Mutation[] = [
  ...of(
    "control/creation.ts",
    [
      "rounds of two provisions share a client token, and get each other's machines",
      "`${id}/${number}`",
      "`${number}`",
      "control/again-and-again",
    ],
    [
      "a tried-again beginning buys everything twice",
      "rounds.id ?? begin(undertaking),",
      "world.random.id(),",
      "control/again-and-again",
    ],
    [
      "a brake does not stop provisions",
      'return brake === undefined ? base : { kind: "braked", reason: brakeWords(brake) };',
      "return base;",
      "control/brake",
    ],
    [
      "an unknown failure of one pool ends the provision",
      'if (kinds.has("unknown")) return "unknown";',
      'if (kinds.has("unknown")) return "final";',
      "control/ladder",
    ],
  ),
  ...of(
    "control/findings.ts",
    [
      "a machine whose record cannot be written lives for ever",
      "else if (late.has(instanceId)) found.set",
      "else if (longest < 0) found.set",
      "control/each-alone",
    ],
    [
      "a machine whose record says so lives for ever",
      "if (now - launchedAt > longest) found.set",
      "if (longest < 0) found.set",
      "control/findings",
    ],
    [
      "a silent serving machine is paid for until its threshold",
      "if (hangs(record, facts))",
      "if (record.version < 0)",
      "control/hung",
    ],
    [
      "a stopped machine without a record is paid for for ever",
      'const isPaidFor = ({ state }: MachineSeen): boolean => state !== "shutting-down" && state !== "terminated";',
      'const isPaidFor = ({ state }: MachineSeen): boolean => state === "pending" || state === "running";',
      "control/findings",
    ],
  ),
  ...of("control/floor.ts", [
    "the idle floor ends its machines before a provision may find them",
    "bootMs: configuration.bootMs + limits.foundMs,",
    "bootMs: configuration.bootMs,",
    "control/left-to-boot",
  ]),
  ...of("control/give-back.ts", [
    "an aborted provision keeps what it has, and its successor waits for it",
    'if (extent === "everything")',
    'if (extent !== "everything")',
    "control/again-and-again",
  ]),
  ...of("control/machines.ts", [
    "a stopped machine is forgotten and paid for",
    'export const hasEnded = ({ by }: Gone): boolean => by === "unknown" || by === "terminated";',
    'export const hasEnded = ({ by }: Gone): boolean => by !== "shutting-down";',
    "control/findings",
  ]),
  ...of(
    "control/provision.ts",
    [
      "a re-run that failed keeps booting machines that nobody waits for",
      "if (again && !cancel.aborted && !held.released && held.taken.size > 0) {",
      "if (false as boolean) {",
      "control/left-to-boot",
    ],
    [
      "a second attempt waits for the first one's runners to end by themselves",
      "if (!again) track(work, askEarlierToLeave(world, request, listed.items));",
      "// nobody asks",
      "control/second-attempt",
    ],
    ["a provision does not know of the brakes", "brakes: loaded.brakes,", "brakes: [],", "control/brake"],
  ),
  ...of(
    "control/refresh.ts",
    [
      "a brake does not stop the idle floor",
      "keepFloors(world, configuration, lasting, dryRun, brakes)",
      "keepFloors(world, configuration, lasting, dryRun)",
      "control/brake",
    ],
    [
      "schedules are followed by nobody",
      "() => followSchedules(world, stored, dryRun))",
      "() => Promise.resolve(stored))",
      "control/schedules",
    ],
    [
      "one record that cannot be judged stops the judging of all",
      "const found = await attempt(record.instanceId, undefined, async () => findingOf(record, facts as Facts));",
      "const found = findingOf(record, facts as Facts);",
      "control/each-alone",
    ],
    [
      "an instance makes itself records that hold places",
      "if (foreign !== true) known.add",
      "known.add",
      "cli/hostile-items",
    ],
  ),
  ...of(
    "control/rerun.ts",
    [
      "a re-run buys beside machines that still boot for it",
      "for (const booting of bootingOf(records, world.clock.now()))",
      "for (const booting of bootingOf([], world.clock.now()))",
      "control/left-to-boot",
    ],
    [
      "a re-run counts on runners that take no more jobs",
      '!isPast(record, record.state === "running" ? now + limits.lastJobMs : now) &&',
      "!isPast(record, now) &&",
      "control/second-attempt",
    ],
  ),
  ...of("control/schedules.ts", [
    "each schedule wipes what operators have set",
    "const next = { ...overlay, idleFloors, scheduled: { at, idleFloors } };",
    "const next = { idleFloors, scheduled: { at, idleFloors } };",
    "control/schedules",
  ]),
  ...of("control/selection.ts", [
    "a provision is promised the same spoilt machine for ever",
    "!lost.spoilt.has(candidate.key) &&",
    "",
    "control/selection",
  ]),
  ...of(
    "control/settle.ts",
    [
      "a place is freed twice, and the fleet outgrows its maximum",
      "if (outcome.already) return;",
      "",
      "simulation/sabotage",
    ],
    [
      "one machine that cannot be condemned keeps 24 others",
      "for (const record of done === undefined ? records : [])",
      "for (const record of [] as typeof records)",
      "control/each-alone",
    ],
    [
      "a busy runner is asked to leave",
      'if (runner === "no proof" || runner?.online === true || runner?.busy === true) return undefined;',
      'if (runner === "no proof") return undefined;',
      "control/hung",
    ],
  ),
  ...of("control/taken.ts", [
    "a machine that a re-run finds late is condemned while it boots",
    "bootMs: configuration.bootMs + foundMs,",
    "bootMs: configuration.bootMs,",
    "control/left-to-boot",
  ]),
  ...of("control/validation.ts", [
    "a running machine of an earlier attempt is taken for a failure",
    'subjects.filter(({ state }) => state === "running"),',
    "[],",
    "control/second-attempt",
  ]),
  ...of("control/verdict.ts", [
    "a claimed machine that never answers is waited for until the provision's end",
    "now - claimedAt > limits.claimAnswerMs",
    "now < claimedAt",
    "control/verdict",
  ]),
];
