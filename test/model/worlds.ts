// The bounded worlds that are searched: who acts in each, and what may go wrong how often.
import { life } from "../../domain/instance.ts";
import type { Process, Rules, Spec } from "./model.ts";

export const asBuilt: Rules = {
  life,
  beginOnVersion: true,
  retireOnVersion: true,
  forwardOnly: true,
  onSignal: true,
  releaseAsks: true,
  releaseAsksFirst: true,
  refreshListsFirst: true,
  proveListsAgain: true,
  forgeProves: true,
  decidesOnReply: true,
};

const claims: Process = { kind: "provision", name: "provision 1", run: "1", attempt: 1 };
const gives: Process = { ...claims, cancelled: true };
const creates: Process = { ...claims, claims: false, creates: true };
const either: Process = { ...claims, creates: true };
const entered: Process = { ...claims, reenters: true };
const again: Process = { kind: "provision", name: "provision 1 again", run: "1", attempt: 2 };
const cancelled: Process = { kind: "provision", name: "provision 2", run: "2", attempt: 1, cancelled: true };
const releases: Process = { kind: "release", name: "release", run: "1", attempt: 1, rights: true };
const unprivileged: Process = { ...releases, rights: false };
const releasesAgain: Process = { ...releases, name: "release of the re-run", attempt: 2 };
const refreshes: Process = { kind: "refresh", name: "refresh" };
const floor: Process = { kind: "floor", name: "floor", creates: true };
const creating: Process = { kind: "floor", name: "floor", creates: true, keeps: false };
const keeps: Process = { kind: "floor", name: "floor", creates: false };
const stray: Process = { kind: "stray", name: "a stray caller" };

const one = ["idle"] as const;
const room = ["idle", "absent"] as const;
const two = ["idle", "idle"] as const;
const none = ["absent"] as const;
type Start = Spec["start"];

const world = (
  name: string,
  start: Start,
  processes: readonly Process[],
  faults: Spec["faults"] = {},
  more: Partial<Spec> = {},
): Spec => ({ name, start, processes, faults, job: true, ...more });

const prompt = { prompt: true } as const;
const unswept = { unswept: true } as const;

/** Small ones, in which each condition of the code is taken away. */
export const small = {
  claimed: world("one claims", one, [claims, refreshes]),
  created: world("one creates", none, [creates, refreshes]),
  stray: world("one claims, and a stray caller", one, [claims, refreshes, stray]),
  "created stray": world("one creates, and a stray caller", none, [creates, refreshes, stray]),
  contended: world("two claim, one is cancelled", one, [claims, cancelled, refreshes]),
  released: world("one claims and releases", one, [claims, releases, refreshes]),
  floor: world("the idle floor, and one that is cancelled", none, [floor, cancelled, refreshes]),
  "floor stray": world("the idle floor, and a stray caller", none, [floor, claims, refreshes, stray], {}, prompt),
  kept: world("an idle one that is kept, and claimed", one, [keeps, claims, refreshes], { cut: 1 }),
  cut: world("one claims, and its agent is cut off", one, [claims, refreshes], { cut: 1 }),
  "cut stray": world("cut off, a stray caller, and no refresh", one, [claims, stray], { cut: 1 }, unswept),
  old: world("an agent acts on a threshold of before", one, [claims, refreshes], { old: 1 }),
  late: world("a late write of an agent", one, [claims, cancelled, refreshes], { late: 1 }),
  lost: world("a lost reply", one, [claims, cancelled, refreshes], { lost: 1 }),
  "lost reply": world("one claims, and a reply is lost", one, [claims, refreshes], { lost: 1 }),
  "killed once": world("one claims, and each crashes once", one, [claims, refreshes], { crash: 1 }, prompt),
  refused: world("a registration is refused", one, [claims, refreshes], { refusal: 1 }),
  silent: world("one claims, and its agent is silent", one, [claims, refreshes], { silence: 1 }),
  crash: world("a crash", one, [entered, refreshes], { crash: 1 }),
  "released crash": world("released, with a crash", one, [claims, releases, refreshes], { crash: 1 }, prompt),
  "released restart": world(
    "released, its agent crashes, and no refresh",
    one,
    [claims, releases],
    { crash: 1 },
    { onlyAgentsCrash: true, ...unswept },
  ),
  "released silence": world(
    "released, with a silent agent",
    one,
    [claims, releases, refreshes],
    { silence: 1 },
    prompt,
  ),
  "given back silence": world("given back, with a silent agent", one, [claims, unprivileged, refreshes], {
    silence: 1,
  }),
  "re-run": world("a run and its re-run", one, [claims, again, releases, refreshes], {}, prompt),
  "re-run released": world(
    "a run, its re-run and the release of both",
    one,
    [claims, again, releasesAgain, refreshes],
    {},
    prompt,
  ),
  /**
   * Three mishaps in one second: an agent is killed with its `register-failed` on its way, is started again, reads its record before that
   * write lands, and registers once more. Since it first makes the standing signal its own, and a signal lands only on the one it was
   * decided upon, the late write is refused.
   */
  outlived: world(
    "a registration is refused, its report late, its agent crashes, and no refresh",
    one,
    [claims],
    { refusal: 1, late: 1, crash: 1 },
    unswept,
  ),
  died: world("a machine dies", one, [claims, cancelled, refreshes], { death: 1 }),
  stale: world("what idles is out of date", one, [claims, releases, refreshes], {}, { stale: true, prompt: true }),
  "floor cut": world("the idle floor, and its agent is cut off", none, [floor, refreshes], { cut: 1 }),
  "floor ahead": world("the idle floor, and its agent's clock is ahead", none, [floor, refreshes], { skew: 1 }),
  ahead: world("one claims, and its agent's clock is ahead", one, [claims, refreshes], { skew: 1 }),
  "stray ahead": world("a stray caller, and an agent's clock is ahead", one, [claims, refreshes, stray], { skew: 1 }),
  "kept ahead": world("an idle one that is kept, and its agent's clock is ahead", one, [keeps, refreshes], { skew: 1 }),
  "released cut": world("released, and its agent is cut off", one, [claims, unprivileged, refreshes], { cut: 1 }),
  "released ahead": world("released, and its agent's clock is ahead", one, [claims, unprivileged, refreshes], {
    skew: 1,
  }),
  "parked cut": world("created and released, and its agent is cut off", none, [creates, unprivileged, refreshes], {
    cut: 1,
  }),
  "parked ahead": world(
    "created and released, and its agent's clock is ahead",
    none,
    [creates, unprivileged, refreshes],
    { skew: 1 },
  ),
  "released stray": world("released, and a stray caller", one, [claims, unprivileged, stray, refreshes], {}, prompt),
  "released silent stray": world(
    "released, a stray caller, a silent agent, and no refresh",
    one,
    [claims, unprivileged, stray],
    { silence: 1 },
    { ...prompt, ...unswept },
  ),
  aged: world("what is kept of an ended one is old", one, [refreshes, stray], { aged: 1 }),
  "parked stray": world(
    "created and released, and a stray caller",
    none,
    [creates, unprivileged, stray, refreshes],
    {},
    prompt,
  ),
  "cancelled released": world(
    "both are cancelled, and a release",
    one,
    [gives, cancelled, releases, refreshes],
    {},
    prompt,
  ),
  "floor late": world(
    "the idle floor, one that is cancelled, a late write",
    none,
    [creating, gives, refreshes],
    { late: 1 },
    prompt,
  ),
  "created died": world("a created machine dies", none, [creates, refreshes], { death: 1 }),
  unswept: world(
    "both are cancelled, a release, and no refresh",
    one,
    [gives, cancelled, releases],
    {},
    { ...prompt, ...unswept },
  ),
  "unswept stray": world(
    "both may be cancelled, a stray caller, and no refresh",
    one,
    [gives, cancelled, stray],
    {},
    { job: false, ...prompt, ...unswept },
  ),
  /** Of the machine that somebody has taken only one thing is asked, that it ends; of all others, what is ever asked of them. */
  hostile: world("one claims, and somebody takes a machine over", one, [claims, refreshes], { hostile: 1 }, prompt),
  "hostile created": world(
    "one creates, and somebody takes a machine over",
    none,
    [creates, refreshes],
    { hostile: 1 },
    prompt,
  ),
  "hostile contended": world(
    "two instances, one of them taken over, and one that claims",
    two,
    [claims, refreshes],
    { hostile: 1 },
    prompt,
  ),
  either: world("one claims or creates", room, [either, refreshes], { crash: 1, lost: 1 }, prompt),
  two: world("two instances, two runs", two, [claims, cancelled, refreshes], {}, prompt),
} as const satisfies Record<string, Spec>;
export type SmallWorld = keyof typeof small;

/** `RUNPOOL_MODEL=full npm test -- test/model`: for hours, and gigabytes. */
export const full = process.env["RUNPOOL_MODEL"] === "full";

/** How far each search goes at most, in states; walks and their steps are counted. */
export const extents = full
  ? {
      whole: 1_000_000,
      part: 1_000_000,
      cut: 3_000_000,
      everything: 8_000_000,
      walks: 200_000,
      alone: 3_000_000,
      hidden: 60_000,
    }
  : { whole: 200_000, part: 12_000, cut: 20_000, everything: 60_000, walks: 250, alone: 4_000, hidden: 500 };

/** Searched whole with RUNPOOL_MODEL=full: each has 130,000 to 790,000 states, of which every day's see all of so many steps. */
export const heavy: Readonly<Partial<Record<SmallWorld, number>>> = {
  kept: 11,
  late: 9,
  lost: 9,
  crash: 9,
  "released crash": 8,
  "released silence": 9,
  "given back silence": 9,
  "re-run": 9,
  "re-run released": 8,
  died: 9,
  "released cut": 9,
  "released ahead": 10,
  "parked cut": 10,
  "parked ahead": 11,
  "released stray": 8,
  "parked stray": 10,
  "hostile contended": 7,
};

/** Each has more than a million states: these are searched breadth-first to a depth. */
export const cut: Readonly<Partial<Record<SmallWorld, number>>> = {
  "cancelled released": 9,
  either: 8,
  two: 7,
};

/** Far too large to be searched whole in a test. */
export const large = {
  "two instances": world(
    "two instances, both runs, release and refresh",
    two,
    [claims, cancelled, releases, refreshes],
    {},
    prompt,
  ),
  "two instances, late agents": world("two instances, late agents", two, [claims, cancelled, refreshes]),
  "a re-run": world("a run, its re-run, one cancelled, both releases", one, [
    claims,
    again,
    cancelled,
    releases,
    releasesAgain,
    refreshes,
  ]),
  /** All that may meet, in one world of two instances: one idles, one may be created. */
  everything: world("everything at once", room, [either, again, cancelled, releases, refreshes], {
    crash: 1,
    lost: 1,
    death: 1,
    silence: 1,
    late: 1,
  }),
} as const satisfies Record<string, Spec>;
