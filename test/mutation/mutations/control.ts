// Mistakes in the control plane.
import { of, type Mutation } from "../mutation.ts";

export const controlMutations: readonly Mutation[] = [
  ...of(
    "control/pool/creation.ts",
    "control/partly",
    [
      "a round that was asked for before keeps the places that it reserved twice",
      "const unused = count - launched.length + known;",
      "const unused = count - launched.length;",
    ],
    ["where there is room for fewer, fewer than that are created", "wanted -= short - fewer;", "wanted = fewer;"],
  ),
  ...of(
    "control/pool/creation.ts",
    "control/provision",
    [
      "places of machines that may have been launched are freed",
      'if (unused > 0 && outcome.kind === "answered") await free(unused);',
      "if (unused > 0) await free(unused);",
    ],
    [
      "a braked pool, or one without an image, keeps every place that it asked for",
      "if (open === undefined) await free(count);",
      "",
    ],
  ),
  ...of(
    "control/pool/creation.ts",
    "control/again-and-again",
    [
      "rounds of two provisions share a client token, and get each other's machines",
      "`${id}/${number}`",
      "`${number}`",
    ],
    ["a tried-again beginning buys everything twice", "rounds.id ?? begin(context),", "world.random.id(),"],
  ),
  ...of("control/pool/creation.ts", "control/brake", [
    "a brake does not stop provisions",
    'return brake === undefined ? base : { kind: "braked", brake };',
    "return base;",
  ]),
  ...of("control/pool/creation.ts", "control/ladder", [
    "an unknown failure of one pool ends the provision",
    'if (kinds.has("unknown")) return "unknown";',
    'if (kinds.has("unknown")) return "final";',
  ]),
  ...of(
    "control/refresh/findings.ts",
    "control/findings",
    [
      "a machine is ended before its provision could write its record",
      "now - machine.launchedAt > configuration.bootMs && isPaidFor(machine)",
      "now > machine.launchedAt && isPaidFor(machine)",
    ],
    [
      "what refresh could still condemn by itself is ended at EC2 beforehand",
      "now - record.threshold > limits.overdueMs",
      "now > record.threshold",
    ],
    [
      "a machine whose record says so lives for ever",
      "if (now - launchedAt > longest) found.set",
      "if (longest < 0) found.set",
    ],
    [
      "a stopped machine without a record is paid for for ever",
      'const isPaidFor = ({ state }: MachineSeen): boolean => state !== "shutting-down" && state !== "terminated";',
      'const isPaidFor = ({ state }: MachineSeen): boolean => state === "pending" || state === "running";',
    ],
  ),
  ...of("control/refresh/findings.ts", "control/each-alone", [
    "a machine whose record cannot be written lives for ever",
    "else if (late.has(instanceId)) found.set",
    "else if (longest < 0) found.set",
  ]),
  ...of("control/refresh/findings.ts", "control/hung", [
    "a silent serving machine is paid for until its threshold",
    "if (hangs(record, facts))",
    "if (record.version < 0)",
  ]),
  ...of("control/refresh/floor.ts", "control/floor", [
    "an idle floor that still boots is bought again with every refresh",
    "missing: Math.max(0, floor.count - idle.length - coming.length),",
    "missing: Math.max(0, floor.count - idle.length),",
  ]),
  ...of("control/refresh/floor.ts", "control/left-to-boot", [
    "the idle floor ends its machines before a provision may find them",
    "demand, { begun, foundMs: limits.foundMs });",
    "demand, { begun });",
  ]),
  ...of("control/pool/give-back.ts", "control/again-and-again", [
    "an aborted provision keeps what it has, and its successor waits for it",
    'if (extent === "everything")',
    'if (extent !== "everything")',
  ]),
  ...of("control/pool/machines.ts", "control/findings", [
    "a stopped machine is forgotten and paid for",
    'export const hasEnded = ({ by }: Gone): boolean => by === "unknown" || by === "terminated";',
    'export const hasEnded = ({ by }: Gone): boolean => by !== "shutting-down";',
  ]),
  ...of("control/pool/provide.ts", "control/provision", [
    "a provision that was cancelled in its last write says that it is committed, and is not given back",
    "if (!cancel.aborted) {",
    "if (cancel !== undefined) {",
  ]),
  ...of("control/pool/provide.ts", "control/left-to-boot", [
    "a re-run that failed keeps booting machines that nobody waits for",
    "if (comesAgain && !cancel.aborted && !held.released && held.taken.size > 0) {",
    "if (false as boolean) {",
  ]),
  ...of("control/pool/provide.ts", "control/second-attempt", [
    "a second attempt waits for the first one's runners to end by themselves",
    "if (options.listed !== undefined) track(work, options.listed(listed.items));",
    "// nobody asks",
  ]),
  ...of(
    "control/refresh/refresh.ts",
    "control/adapters-only",
    [
      "a machine whose record cannot be read is ended after its boot limit, with its job",
      'if (foreign !== true) known.add(key.split("/").at(-1) ?? key);',
      'if (foreign === true) known.add(key.split("/").at(-1) ?? key);',
    ],
    [
      "an idle instance whose message is lost is found by nobody while others of its class have theirs",
      "if ((await world.pool.depth(resourceClass)) >= idle.length) return 0;",
      "if ((await world.pool.depth(resourceClass)) > 0) return 0;",
    ],
  ),
  ...of("control/refresh/refresh.ts", "control/hung", [
    "an unreachable GitHub counts as proof that no job runs",
    "const scopes = new Set<string>();",
    "const scopes = new Set<string>(partitionScopes(configuration).values());",
  ]),
  ...of(
    "control/refresh/refresh.ts",
    "control/dry-run",
    ["a dry run ends machines", "if (!dryRun && strays.size > 0) await end(", "if (strays.size > 0) await end("],
    ["a dry run deletes runners at GitHub", "if (!dryRun) await removeGhosts(", "await removeGhosts("],
  ),
  ...of("control/refresh/refresh.ts", "control/rerun", [
    "a paused environment buys machines for re-runs",
    "holds ? noReruns : await rerun(",
    "await rerun(",
  ]),
  ...of("control/refresh/refresh.ts", "control/ghosts", [
    "ghost runners of an earlier assignment stay at GitHub for ever",
    "if (record === undefined || record.assignment !== parsed.assignment) return true;",
    "if (record === undefined) return true;",
  ]),
  ...of("control/refresh/refresh.ts", "control/brake", [
    "a brake does not stop the idle floor",
    "keepFloors(world, configuration, lasting, dryRun, brakes)",
    "keepFloors(world, configuration, lasting, dryRun)",
  ]),
  ...of("control/refresh/refresh.ts", "control/schedules", [
    "schedules are followed by nobody",
    "() => followSchedules(world, stored, dryRun))",
    "() => Promise.resolve(stored))",
  ]),
  ...of("control/refresh/refresh.ts", "control/each-alone", [
    "one record that cannot be judged stops the judging of all",
    "const found = await attempt(about, undefined, async () => findingOf(record, facts as Facts));",
    "const found = findingOf(record, facts as Facts);",
  ]),
  ...of("control/refresh/refresh.ts", "cli/hostile-items", [
    "an instance makes itself records that hold places",
    "if (foreign !== true) known.add",
    "known.add",
  ]),
  ...of(
    "control/runs/rerun.ts",
    "control/rerun",
    ["a re-run buys more than its run has asked for", "count: Math.min(count, request.count),", "count,"],
    [
      "another repository's request provisions for a run of the same id",
      ".filter((request) => request.repository === repository);",
      ";",
    ],
    [
      "GitHub is asked for the jobs of every run of the repositories",
      "  if (saved.length === 0) return undefined;",
      "",
    ],
  ),
  ...of("control/runs/rerun.ts", "control/left-to-boot", [
    "a re-run buys beside machines that still boot for it",
    "for (const booting of bootingOf(records, world.clock.now()))",
    "for (const booting of bootingOf([], world.clock.now()))",
  ]),
  ...of("control/runs/rerun.ts", "control/second-attempt", [
    "a re-run counts on runners that take no more jobs",
    '!isPast(record, record.state === "running" ? now + limits.lastJobMs : now) &&',
    "!isPast(record, now) &&",
  ]),
  ...of("control/refresh/schedules.ts", "control/schedules", [
    "each schedule wipes what operators have set",
    "lay({ ...overlay, idleFloors, scheduled",
    "lay({ idleFloors, scheduled",
  ]),
  ...of(
    "control/pool/selection.ts",
    "control/selection",
    [
      "instances are claimed that are about to end",
      "misfitOf(candidate, demand, world.clock.now() + limits.claimMarginMs) === undefined",
      "misfitOf(candidate, demand, world.clock.now()) === undefined",
    ],
    [
      "a message that promises for ever is given back for ever",
      "if (isPast(message, world.clock.now())) scan",
      "if (message.threshold <= world.clock.now()) scan",
    ],
    [
      "a claim whose outcome is not known deletes the message",
      'if (outcome.kind === "silent" || outcome.kind === "unknown") scan',
      'if (outcome.kind === "silent") scan',
    ],
    ["a provision is promised the same spoilt machine for ever", "!lost.spoilt.has(candidate.key) &&", ""],
  ),
  ...of("control/refresh/settle.ts", "control/adapters-only", [
    "of several machines that end at once only one frees its place",
    "(freed.get(scope) ?? 0) + 1",
    "1",
  ]),
  ...of(
    "control/refresh/settle.ts",
    "control/hung",
    [
      "a runner that has become another run's is asked to leave",
      "if (record === undefined || record.assignment !== assignment) return undefined;",
      "if (record === undefined) return undefined;",
    ],
    [
      "one that was heard of again while GitHub was asked is ended",
      "if ((heartbeatAge(record, now) ?? Number.POSITIVE_INFINITY) <= limits.hungMs) return undefined;",
      "",
    ],
    [
      "a machine is condemned while GitHub says that a job runs on it",
      'if (typeof removal !== "string" || removal === "busy") return false;',
      'if (typeof removal !== "string") return false;',
    ],
    [
      "a busy runner is asked to leave",
      'if (runner === "no proof" || runner?.online === true || runner?.busy === true) return undefined;',
      'if (runner === "no proof") return undefined;',
    ],
  ),
  ...of("control/refresh/settle.ts", "simulation/sabotage", [
    "a place is freed twice, and the fleet outgrows its maximum",
    "if (outcome.already) return;",
    "",
  ]),
  ...of("control/refresh/settle.ts", "control/each-alone", [
    "one machine that cannot be condemned keeps 24 others",
    "for (const record of done === undefined ? records : [])",
    "for (const record of [] as typeof records)",
  ]),
  ...of("control/pool/demand-context.ts", "control/left-to-boot", [
    "a machine that a re-run finds late is condemned while it boots",
    "bootMs: configuration.bootMs + foundMs,",
    "bootMs: configuration.bootMs,",
  ]),
  ...of("control/pool/demand-context.ts", "control/brake", [
    "a provision does not know of the brakes",
    "  brakes,\n",
    "  brakes: [],\n",
  ]),
  ...of(
    "control/pool/next.ts",
    "control/next",
    [
      "a provision goes on buying when it was told that all is bought",
      "(wanted > 0 && !exhausted && now >= notBefore)",
      "(wanted > 0 && now >= notBefore)",
    ],
    [
      "a provision that can have no more waits until its time is out",
      'if (isSpent(progress) && held < least) return { kind: "give back", why: "too few" };',
      "",
    ],
  ),
  ...of("control/pool/validation.ts", "control/partly", [
    "a runner that was given up goes on to take jobs",
    "await askToLeave(world, { record, own: ownOf(taken) });",
    "",
  ]),
  ...of("control/pool/validation.ts", "control/second-attempt", [
    "a running machine of an earlier attempt is taken for a failure",
    'subjects.filter(({ state }) => state === "running"),',
    "[],",
  ]),
  ...of("control/pool/verdict.ts", "control/verdict", [
    "a claimed machine that never answers is waited for until the provision's end",
    "now - claimedAt > limits.claimAnswerMs",
    "now < claimedAt",
  ]),
  ...of(
    "control/runs/release.ts",
    "control/release",
    [
      "release fails while a job runs for longer than two minutes",
      "if (record.busy === true || !patientUntil.has(record.key))",
      "if (!patientUntil.has(record.key))",
    ],
    [
      "one that is silent ends the wait for all others",
      "if (waiting.every(({ record })",
      "if (waiting.some(({ record })",
    ],
    [
      "release waits for ever for a job that is past its instance's threshold",
      "now >= Math.min(patientUntil.get(record.key) ?? now, record.threshold)",
      "now >= (patientUntil.get(record.key) ?? now)",
    ],
    [
      "a machine that died before its first heartbeat is waited for until the end",
      "(heartbeatAge(record, now) ?? Infinity) > limits.freshHeartbeatMs",
      "(heartbeatAge(record, now) ?? 0) > limits.freshHeartbeatMs",
    ],
    [
      "a runner that is being registered is ended with the job that it is given",
      '(proof === "removed" || proof === "absent") && forgeProves(record)',
      '(proof === "removed" || proof === "absent")',
    ],
  ),
  ...of("control/pool/leave.ts", "control/leave", [
    "a message that one throttled call did not send waits for the next refresh",
    "if (unsent.length > 0) unsent = await world.pool.send(unsent).catch(() => unsent);",
    "",
  ]),
  ...of("control/pool/leave.ts", "control/provision", [
    "a run is handed a machine of an image that is no longer deployed",
    "const why = staleness(idle, configuration, world.clock.now());",
    "const why = undefined as string | undefined;",
  ]),
  ...of("control/refresh/recount.ts", "control/recount", [
    "a machine that is being ended holds no place: the fleet outgrows its maximum",
    'add(record.partition, record.state === "terminated" ? 0 : 1)',
    'add(record.partition, record.state.startsWith("terminat") ? 0 : 1)',
  ]),
  ...of("control/pool/places.ts", "control/provision", [
    "a provision goes on with fewer than will do",
    "Math.max(1, short - (demand.count - demand.least));",
    "1;",
  ]),
  ...of("control/runs/earlier-attempts.ts", "control/second-attempt", [
    "a second attempt of one job asks the machines of another job to leave",
    'names.includes(runOf(owner)?.provisionId ?? ""),',
    "names.length > 0,",
  ]),
  ...of("control/pool/record-machine.ts", "control/partly", [
    "a round that is entered again takes what another owner has by now",
    "found.owner !== holderOf(demand.owner) ||",
    "",
  ]),
  ...of("control/pool/record-machine.ts", "control/provision", [
    "a step is given machines of another step's label",
    "labelsIn(demand).every((label) => record.labels?.includes(label) === true);",
    "true;",
  ]),
  ...of("control/runs/clean-up.ts", "control/clean-up", [
    "a machine whose record cannot be read is ended by the clean-up",
    "for (const { key } of [...items, ...damaged.filter(({ foreign }) => foreign !== true)]) keys.delete(key);",
    "for (const { key } of items) keys.delete(key);",
  ]),
  ...of("control/refresh/tokens.ts", "control/tokens", [
    "instances boot with a token that expires while they do",
    "world.clock.now() - held.writtenAt < limits.tokenRenewMs;",
    "world.clock.now() - held.writtenAt < limits.tokenLifeMs;",
  ]),
  ...of("control/refresh/tokens.ts", "stacks/refresh-lambda", [
    "the alarm of the oldest token tells of the youngest",
    "Math.min(...written)",
    "Math.max(...written)",
  ]),
];
