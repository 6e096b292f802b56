// Every duration and maximum, with its unit and its reason. Their order is asserted by test/domain/limits.test.ts.

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const limits = {
  /** How often an agent writes its sign of life. One write of one small item: 12 a minute. */
  heartbeatMs: 5 * second,
  /** A heartbeat younger than this is fresh: three periods, so that one lost write does not make an instance look dead. */
  freshHeartbeatMs: 15 * second,
  /** An idle instance silent for this long is condemned: far beyond fresh, so a throttled table ends no healthy machine. */
  silentHeartbeatMs: 1 * minute,
  /** A moment that another machine wrote may lie this far ahead of now, by the difference of two corrected clocks; further ahead it is not believed. */
  aheadMs: 1 * minute,
  /** How often an agent without work to do looks at its record: half of this is the mean wait of a claim. */
  agentWatchMs: 500,
  /** One turn of the agent's main loop at the longest; the watchdog's period is three turns. */
  agentTurnMs: 5 * second,
  /** After a failed registration, or work that threw: doubled with each failure. */
  agentRetryMs: 1 * second,
  /** The longest pause after a failed registration: a rate limit asks for a minute or so, and the next look must not come much later. */
  agentRetryMostMs: 30 * second,
  /** A busy runner that is wanted to leave is looked at again this often, should the job's end go unnoticed. */
  busyPollMs: 1 * second,
  /** A write whose outcome is unknown is made again after this, doubled each time. */
  unknownRetryMs: 200,
  /** Validation looks at all its instances in one batch read: this long after one was taken, then after twice as long each time … */
  validationFirstMs: 30,
  /** … and at last this often. */
  validationPollMs: 250,
  /** A received pool message is leased for this long: longer than any selection, short enough that a crash loses no idle time. */
  leaseMs: 30 * second,
  /** A created instance must be prepared and registered by then: slow pre-runner scripts included. */
  bootMs: 10 * minute,
  /** A claimed instance's threshold, and the action's time-out: longer than boot, so nothing claimed expires while its siblings boot. */
  provisionMs: 12 * minute,
  /** What idled, and was claimed, begins to register by then: its agent sees a claim within a second; beyond it another is taken. */
  claimAnswerMs: 1 * minute,
  /** Validation asks EC2 this often for machines that show no sign of life: a dead one is replaced without waiting for its threshold. */
  machineLookMs: 5 * second,
  /** How long a roll-back waits for booting machines, to park rather than waste them: well inside the 5 minutes that GitHub gives a cancelled job. */
  giveBackWaitMs: 90 * second,
  /** A reservation against the maxima precedes its records by one CreateFleet and their writes: never longer than this. */
  reservationMs: 30 * second,
  /** First wait after a throttled or failed creation round; doubled with each, with jitter. */
  creationBackoffMs: 1 * second,
  /** Where fewer will do, they do once this has passed without another one: EC2 has been asked down the whole ladder by then. */
  fewerAfterMs: 30 * second,
  /** At the maximum of instances, or while others hold what fits, the pool is scanned again this often. */
  poolRetryMs: 2 * second,
  /** What must be left of the provision limit to ask for a replacement: less than this cannot boot. */
  replacementMs: 1 * minute,
  /** A machine whose agent never became ready powers off: beyond boot, so that the agent's own report comes first. */
  bootWatchdogMs: 15 * minute,
  /** How long release waits beyond a running job for the `deregistered` of an instance. */
  releaseWaitMs: 2 * minute,
  /** How often release looks whether its instances have answered. */
  releasePollMs: 250,
  /** An idle instance ends after this long without a claim. */
  idleMs: 7 * minute,
  /** The scheduled refresh. Shorter than idle, so that a lost pool message is found before the instance ends. */
  refreshMs: 5 * minute,
  /** An idle floor instance is extended when less than 1.5 refresh periods are left: it survives one failed refresh. */
  floorExtendMs: 7.5 * minute,
  /** What an idle floor instance is extended to: it survives two failed refreshes. */
  floorMs: 15 * minute,
  /** A running instance ends after this long, whatever it does. */
  maxRuntimeMs: 30 * minute,
  /** EC2 must have ended a machine by then; beyond it is reported. */
  terminateMs: 10 * minute,
  /** A serving instance silent for this long, whose runner GitHub does not show online, is taken for hung: GitHub is asked for proof that no job runs. */
  hungMs: 3 * minute,
  /** What is past its threshold by this much and cannot be condemned is ended at EC2 all the same: two refreshes have tried by then. */
  overdueMs: 10 * minute,
  /** A terminated record is kept for this long, for questions; then TTL removes it. */
  terminatedKeptMs: 7 * 24 * hour,
  /** EC2 may not know an instance yet that it has just launched; only after this grace does "not found" mean gone. */
  unknownMachineGraceMs: 2 * minute,
  /** A registration token lives 60 minutes at GitHub; it is renewed at half of that. */
  tokenRenewMs: 30 * minute,
  tokenLifeMs: 60 * minute,
  /** What a threshold must have left for an instance to be claimed: a claim of a dying machine is a wasted claim. */
  claimMarginMs: 10 * second,
  /** The longest idle time and runtime that an environment may ask for. */
  longestIdleMs: 24 * hour,
  longestRuntimeMs: 5 * 24 * hour,
  /** SQS keeps a pool message for the longest idle time and an hour. */
  poolRetentionMs: 25 * hour,
  /** Queued jobs without an instance get some only after this: their own provision may be about to claim. */
  rerunGraceMs: 30 * second,
  /** How long refresh waits for the instances of a re-run: what is not up by then is left to boot, and found by the next one. */
  rerunMs: 1.5 * minute,
  /** How long refresh goes on asking EC2 for machines of its idle floors, all of them together. */
  floorsMs: 0.5 * minute,
  /** What refresh creates has so much longer than a boot: whoever is up at the end of it is still found by the next refresh. */
  foundMs: 7.5 * minute,
  /** One refresh, as a lambda: it is over before the next one begins. */
  refreshLimitMs: 4 * minute,
  /** New machines that are all lost on their way are tried again this long after the last one was launched. */
  brakeMs: 1 * hour,
  /** A listener without a job stops this long before its machine ends: what began then would be cut, while other machines are free. */
  lastJobMs: 2 * minute,
  /** Less than the 30 days in which GitHub lets a run be run again: each scan of the table reads all that is kept. */
  requestKeptMs: 7 * 24 * hour,
  /** Outcomes are told this long after they came: by then the index shows them, whatever clock wrote them. */
  outcomeTellMs: 1 * minute,
  /** The client token of CreateFleet answers for a day with its first result, so a round's number never repeats within it. */
  clientTokenLifeMs: 24 * hour,
} as const;

/** Maxima that are counts, not durations. */
export const maxima = {
  /** Instances that one provision may ask for. */
  instanceCount: 100,
  /** Messages in one SQS batch. */
  poolBatch: 10,
  /** Items in one BatchGetItem. */
  readBatch: 100,
  /** Writes in one TransactWriteItems, and machines in one TerminateInstances of a sweep. */
  writeBatch: 100,
  /** Receives of one scan of a pool queue, whatever it brings. */
  receivesPerScan: 40,
  /** Rounds of creation in one provision: each is one CreateFleet with its own client token. */
  creationRounds: 12,
  /** New machines that one provision may lose before they are ready, where it wants no more than these: beyond it none is created. */
  failedLaunches: 5,
  /** Further rounds on one rung while EC2 names capacity pools that are new to us. */
  roundsPerRung: 2,
  /** Reasons of a kind told of one rung: a few say it; dozens of capacity pools without capacity would only hide the rest. */
  reasonsOfAKind: 3,
  /** Tries of a write whose outcome is unknown; the SDK has tried several times within each. */
  unknownTries: 4,
  /** Free share of the work disk below which an instance is not handed on: the next run must not fail for want of space. */
  leastDiskFree: 0.1,
  /** Registrations tried in one assignment: with doubling from a second they span half a minute. */
  registrationTries: 5,
  /** Of those that fail for GitHub or the way to it: they span a quarter of an hour, more than any provision waits. */
  passingTries: 40,
  /** Provisions for re-runs in one refresh; the others have theirs in the next one. */
  rerunsAtOnce: 20,
  /** Runs that are looked through for repositories of an owner that is served as a whole. */
  runsRead: 500,
  /** As many of these repositories GitHub is asked about: twelve times an hour a call each, of 5,000 for everything. */
  repositoriesAsked: 100,
  /** Ghost runners removed at GitHub in one refresh: it allows 5,000 calls an hour for everything (REST documentation, "Rate limits"). */
  ghostsAtOnce: 200,
  /** Just-in-time configurations deleted in one refresh, ten a call: SSM takes few writing calls a second. */
  configurationsAtOnce: 200,
  /** Machines that refresh and drain settle at once: each is a few calls to AWS, and perhaps one to GitHub. */
  machinesAtOnce: 50,
  /** Calls to GitHub under way at once: it asks for no more than 100 ("Rate limits", secondary), of all its clients together. */
  forgeCallsAtOnce: 20,
  /** A run's own label: its id, or a secret of 40 to 80 characters. */
  ownLabelLength: 96,
  /** A further label, which stands behind the run's own and a "-": a runner label at GitHub may have 256 characters. */
  labelLength: 150,
  /** A pre-runner script lies in an item of the table, which may have 400 KB with all that is beside it. */
  preRunnerBytes: 256 * 1024,
  /** Characters of an agent's version that are read. */
  agentVersionLength: 64,
  /** Characters of one attribute of an agent's: a signal with its detail is the longest that an agent of ours writes. */
  reportedLength: 8 * 1024,
  /** The last lines of a failing script that a signal carries. */
  signalDetailBytes: 2048,
} as const;

/**
 * How long the pre-runner script of a boot limit may take: all but the two minutes for the start before it and the registration after it.
 * Of a boot limit so short that this leaves little, half.
 */
export const prepareMs = (bootMs: number): number => Math.max(bootMs - 2 * minute, Math.floor(bootMs / 2));
